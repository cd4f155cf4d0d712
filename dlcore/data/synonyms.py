"""A small table of English synonyms, of words that reviews of films and products are made of."""

GROUPS = """
    great excellent superb terrific
    wonderful marvellous fantastic fabulous
    outstanding exceptional remarkable
    amazing astonishing astounding
    perfect flawless faultless
    beautiful gorgeous lovely
    charming delightful enchanting
    entertaining enjoyable pleasurable
    exciting thrilling gripping
    interesting intriguing fascinating
    funny amusing humorous
    hilarious uproarious
    touching poignant heartwarming
    memorable unforgettable
    clever smart intelligent
    talented gifted
    brave courageous fearless
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
    predictable foreseeable
    unoriginal derivative
    implausible unconvincing far-fetched
    confusing puzzling bewildering
    annoying irritating infuriating
    stupid silly foolish idiotic
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
    gory bloody
    violent brutal
    cruel heartless merciless
    rude impolite
    dirty filthy grimy
    clean spotless
    strange odd weird peculiar bizarre
    scary frightening terrifying
    sad sorrowful
    angry irate
    furious livid enraged
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
    sturdy robust solid
    fragile delicate breakable
    flimsy rickety
    faulty defective
    reliable dependable trustworthy
    useful handy helpful
    comfortable comfy
    tasty delicious delectable
    easy simple
    difficult tough challenging
    obvious evident apparent
    important significant
    crucial essential vital
    adequate sufficient
    outdated old-fashioned
    lengthy protracted
    entire whole
    truly genuinely
    extremely exceedingly tremendously
    completely totally entirely utterly wholly
    almost nearly
    mostly mainly chiefly largely primarily
    especially particularly
    often frequently
    rarely seldom
    perhaps maybe possibly
    eventually ultimately
    suddenly abruptly
    immediately instantly
    quickly rapidly swiftly speedily
    clearly obviously evidently
    surprisingly unexpectedly
    fortunately luckily thankfully
    unfortunately regrettably
    however nevertheless nonetheless
    therefore thus consequently hence
    approximately roughly
    badly poorly
    beautifully gorgeously
    brilliantly superbly
    perfectly flawlessly
    easily effortlessly
    terribly awfully horribly
    film movie
    films movies
    filmmaker moviemaker
    filmmakers moviemakers
    story tale
    stories tales
    plot storyline
    plots storylines
    script screenplay
    ending conclusion finale
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
    cinema theater
    cinemas theaters
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
    mistake error blunder
    mistakes errors blunders
    problem issue
    problems issues
    flaw defect shortcoming
    flaws defects shortcomings
    customer shopper buyer
    customers shoppers buyers
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
    murderer killer
    murderers killers
    buy purchase
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
    tried attempted
    trying attempting
    helped assisted
    helping assisting
    depicts portrays
    depicted portrayed
    choose pick
    chose picked
    fix repair mend
    fixed repaired mended
    ruin spoil wreck
    ruined spoiled wrecked
    wasted squandered
    wasting squandering
    combines blends mixes
    need require
    needs requires
    allows permits
    allowed permitted
    understand comprehend grasp
    understood comprehended grasped
    imagine envision
    laughed chuckled giggled
    cried wept sobbed
    crying weeping sobbing
    shouted yelled screamed
    shouting yelling screaming
    complain grumble moan
    complained grumbled moaned
"""


def synonyms():
    """English words, each with words that may stand in its place.

    The table was written for this book: adjectives, adverbs, nouns and verbs that are common in reviews of films and
    products. Words of one line of it mean the same in such texts and have the same form (plurals stand with plurals), so
    the table is symmetric. A word with several meanings may still be replaced where it has another one.

    Returns
    -------
    dict from str to tuple of str
        Small letters; a new one at each call.
    """
    groups = [line.split() for line in GROUPS.strip().splitlines()]
    return {word: tuple(other for other in group if other != word) for group in groups for word in group}
