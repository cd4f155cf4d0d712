"""A small table of English synonyms, of words that reviews of films and products are made of."""

GROUPS = """
    great excellent superb terrific
    wonderful marvellous fantastic fabulous
    outstanding exceptional remarkable
    amazing astonishing astounding
    perfect flawless faultless
    beautiful gorgeous lovely
    charming delightful enchanting
    entertaining enjoyable
    exciting thrilling gripping
    interesting intriguing fascinating
    funny amusing humorous
    hilarious uproarious
    touching poignant
    memorable unforgettable
    clever smart intelligent
    talented gifted
    brave courageous
    genuine authentic
    believable credible plausible
    realistic lifelike
    famous renowned well-known
    awful terrible dreadful horrible
    bad lousy
    boring dull tedious tiresome
    endless interminable never-ending
    disappointing underwhelming
    mediocre middling so-so
    forgettable unremarkable
    unoriginal unimaginative
    implausible unconvincing far-fetched
    confusing puzzling bewildering
    annoying irritating infuriating
    stupid idiotic
    awkward clumsy
    sloppy careless
    pretentious pompous
    shallow superficial
    uneven patchy
    unnecessary needless
    useless worthless
    ugly hideous
    fake phony bogus
    gloomy bleak dismal
    silly foolish
    cruel heartless merciless
    rude impolite
    dirty filthy
    clean spotless
    strange odd weird peculiar bizarre
    scary frightening terrifying
    sad unhappy
    angry irate
    furious enraged
    delighted thrilled
    disappointed dissatisfied
    amazed astonished astounded
    frightened scared
    confused baffled perplexed bewildered
    tired weary
    polite courteous
    wealthy affluent
    obscure little-known
    big large
    huge enormous gigantic massive immense
    tiny minuscule
    quick speedy rapid
    slow sluggish
    loud noisy
    expensive costly pricey
    affordable inexpensive
    sturdy robust
    fragile breakable
    faulty defective
    reliable dependable trustworthy
    useful handy
    comfortable comfy
    tasty delicious delectable
    simple uncomplicated
    difficult challenging
    obvious evident
    important significant
    crucial vital
    adequate sufficient
    outdated obsolete
    lengthy protracted
    truly genuinely
    extremely exceedingly tremendously
    completely totally entirely utterly wholly
    almost nearly
    mostly mainly chiefly largely primarily
    especially particularly
    often frequently
    rarely seldom
    perhaps maybe
    eventually ultimately
    suddenly abruptly
    immediately instantly
    quickly rapidly swiftly speedily
    obviously evidently
    surprisingly unexpectedly
    fortunately luckily thankfully
    unfortunately regrettably
    however nevertheless nonetheless
    therefore consequently
    approximately roughly
    badly poorly
    brilliantly superbly
    terribly awfully
    film movie
    films movies
    filmmaker moviemaker
    filmmakers moviemakers
    story tale
    stories tales
    plot storyline
    plots storylines
    script screenplay
    ending finale
    sequel follow-up
    sequels follow-ups
    hero protagonist
    heroes protagonists
    villain antagonist
    villains antagonists
    actor performer
    actors performers
    viewer spectator
    viewers spectators
    critic reviewer
    critics reviewers
    cinematography camerawork
    masterpiece masterwork
    masterpieces masterworks
    disaster catastrophe fiasco
    disasters catastrophes fiascos
    garbage rubbish trash junk
    nonsense drivel claptrap
    boredom tedium
    sorrow grief sadness
    joy delight
    mistake error
    mistakes errors
    problem issue
    problems issues
    flaw defect shortcoming
    flaws defects shortcomings
    shopper buyer
    shoppers buyers
    delivery shipment
    deliveries shipments
    child kid
    children kids youngsters
    friend pal buddy
    friends pals buddies
    photo photograph
    photos photographs
    car automobile
    cars automobiles
    doctor physician
    doctors physicians
    bought purchased
    buying purchasing
    hate loathe detest despise
    hated loathed detested despised
    hates loathes detests despises
    adore cherish
    adored cherished
    enjoyed relished savored
    watched viewed
    annoy irritate
    annoyed irritated
    annoys irritates
    confuse baffle perplex
    happen occur
    happened occurred
    happens occurs
    begins starts commences
    began started
    depicts portrays
    depicted portrayed
    repaired mended
    ruined wrecked
    wasted squandered
    wasting squandering
    combines blends
    allows permits
    allowed permitted
    understand comprehend
    understood comprehended
    imagine envision
    laughed chuckled
    cried wept sobbed
    crying weeping sobbing
    shouted yelled
    shouting yelling
    complain grumble
    complained grumbled
"""


def synonyms():
    """English words, each with words that may stand in its place.

    The table was written for this book: adjectives, adverbs, nouns and verbs that are common in reviews of films and
    products. Words of one line of it mean the same in such texts and have the same form (plurals stand with plurals), so
    the table is symmetric. A word may still be replaced where it means something else than it commonly does.

    Returns
    -------
    dict from str to tuple of str
        Small letters; a new one at each call.
    """
    groups = [line.split() for line in GROUPS.strip().splitlines()]
    return {word: tuple(other for other in group if other != word) for group in groups for word in group}
