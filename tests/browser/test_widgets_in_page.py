"""Every widget on every page of the built book, as a reader uses it."""

import re
import struct
import zlib

import pytest

from .conftest import Visits
from .figures import figures, native, settings
from .scenes import decode, differences

pytestmark = pytest.mark.usefixtures("runtime")
FIGURES = figures()
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
# What the runtime consists of: nothing of it may be loaded before somebody touches a widget.
RUNTIME = re.compile(r"/runtime[-/]|/worker\.js")

each_figure = pytest.mark.parametrize("figure", FIGURES, ids=str)
each_control = pytest.mark.parametrize(
    ("figure", "name"),
    [(figure, control["name"]) for figure in FIGURES for control in figure.declaration["controls"]],
    ids=str,
)


def controls(figure, *kinds):
    """The declarations of a widget's controls of these types."""
    return [control for control in figure.declaration["controls"] if control["type"] in kinds]


def pointed_at(figure, *quantities):
    """The sliders that the pointer sets, with the panel's name and the quantity."""
    found = []
    for slider in controls(figure, "slider"):
        panel, _, quantity = slider["on"].partition(".")
        if quantity in quantities:
            found.append((slider, panel, quantity))
    return found


def check(figure, view):
    """The scene in the page equals the one that this Python computes for the values in the page."""
    assert differences(native(figure.widget, view.parameters()), view.scene()) == []


def place(panel, scene, row, column):
    """Where a cell or pixel of a panel lies on the screen."""
    drawing = panel.locator("svg.dlcore-view__cells, canvas").first
    drawing.scroll_into_view_if_needed()
    area = drawing.bounding_box()
    height, width = scene["values"].shape[-2:]
    return area["x"] + (column + 0.5) * area["width"] / width, area["y"] + (row + 0.5) * area[
        "height"
    ] / height


@pytest.fixture(scope="module")
def shared(browser, site):
    """A function from figure to visit. The tests of a page share it, so that Python starts once."""
    visits = Visits(browser, site)

    def visit_of(figure):
        opened = visits.open[-1] if visits.open else None
        usable = opened and opened.path == figure.page and not opened.page.locator("[data-failed]").count()
        if not usable:
            visits.close()
            opened = visits(figure.page)
        return opened

    yield visit_of
    visits.close()


@pytest.fixture
def living(shared):
    """A function that returns a widget's view in a page whose Python runs, at its defaults."""
    used = []

    def view_of(figure):
        opened = shared(figure)
        used.append(opened)
        view = opened.view(figure)
        view.set(figure.reply["parameters"])
        return view

    yield view_of
    for opened in used:
        defects = opened.defects()
        opened.errors.clear()
        opened.foreign.clear()
        assert defects == []


def test_the_book_has_widgets(built_book):
    assert FIGURES, "no page holds a widget: run `make book` again"


@each_figure
def test_the_first_scene_is_drawn_before_python_and_nothing_of_python_is_loaded(visit, site, figure):
    site.answers.clear()
    opened = visit(figure.page, prepare=lambda page: page.route(RUNTIME, lambda route: route.abort()))
    view = opened.view(figure)
    opened.page.wait_for_load_state("networkidle")
    embedded = decode(figure.reply["scene"])
    assert differences(embedded, view.scene()) == []
    assert differences(figure.widget.scene(), view.scene(), shades=True) == []
    assert [answer.path for answer in site.answers if RUNTIME.search(answer.path)] == []
    for name in view.panels():
        area = view.panel(name).bounding_box()
        assert area["width"] > 20 and area["height"] > 10, f"{name} is not to be seen"
        if title := embedded["panels"][name]["title"]:
            assert view.panel(name).get_by_text(title, exact=True).first.is_visible()
    # The picture and the view never show the same thing twice.
    picture = opened.figure(figure).locator(".dlcore-widget__picture")
    assert not picture.is_visible()
    opened.page.emulate_media(media="print")
    assert picture.is_visible() and not view.element.is_visible()


@each_figure
def test_without_javascript_the_picture_is_there_and_no_dead_control(visit, figure):
    opened = visit(figure.page, java_script_enabled=False)
    element = opened.figure(figure)
    picture = element.locator(".dlcore-widget__picture svg")
    assert picture.is_visible() and picture.get_attribute("role") == "img"
    assert len(picture.get_attribute("aria-label")) > 20
    assert element.locator("input, select, button").filter(visible=True).count() == 0
    assert element.locator(".dlcore-widget__note").inner_text().strip()


@each_control
def test_each_control_changes_the_scene_by_keyboard_alone(living, figure, name):
    view = living(figure)
    # A control may have nothing to do where the widget starts, such as dividing by a sum that is 0.
    for start in [figure.reply["parameters"], *settings(figure, 6)]:
        view.set(start)
        before = view.scene_text()
        view.press(name)
        if view.scene_text() != before:
            check(figure, view)
            return
    pytest.fail(f"{name}: no move of this control changes the scene, at the start or at six random settings")


@each_figure
def test_the_scene_in_the_page_equals_the_one_computed_here(living, figure):
    view = living(figure)
    assert view.parameters() == figure.reply["parameters"]
    check(figure, view)
    for values in settings(figure, 5):
        view.set(values)
        assert view.parameters() == values
        check(figure, view)


@each_figure
def test_the_reset_button_goes_back_to_the_start(living, figure):
    view = living(figure)
    view.set(settings(figure, 1)[0])
    view.element.get_by_role("button", name="Reset").press("Enter")
    view.settle()
    assert view.parameters() == figure.reply["parameters"]
    assert differences(decode(figure.reply["scene"]), view.scene(), shades=True) == []


@each_figure
def test_of_many_quick_moves_the_last_one_counts(living, figure):
    view = living(figure)
    slider = next(
        control for control in controls(figure, "slider") if control["maximum"] - control["minimum"] >= 3
    )
    view.control(slider["name"]).locator("input").evaluate(
        """async input => {
            for (let move = 0; move < 60; move += 1) {
                const [low, high, step] = [input.min, input.max, input.step].map(Number);
                const steps = Math.floor((high - low) / step);
                input.value = low + step * (move === 59 ? Math.min(2, steps) : move % (steps + 1));
                input.dispatchEvent(new Event("input", {bubbles: true}));
                await new Promise(done => setTimeout(done, 5));
            }
        }"""
    )
    expected = float(view.control(slider["name"]).locator("input").input_value())
    view.settle()
    assert view.parameters()[slider["name"]] == expected
    check(figure, view)


@each_figure
def test_it_works_again_after_the_worker_was_killed(living, figure):
    view = living(figure)
    runtime = "view => view.closest('figure').dlcoreRuntime"
    assert view.element.evaluate(f"view => ({runtime})(view).state") == "ready"
    view.element.evaluate(f"view => {{ ({runtime})(view).kill(); }}")
    values = settings(figure, 1)[0]
    view.set(values)
    assert view.parameters() == values
    check(figure, view)
    # In the middle of an answer, too: the view asks again by itself, or its button does.
    name = figure.declaration["controls"][0]["name"]
    view.focus(name)
    view.page.keyboard.press("ArrowRight")
    view.element.evaluate(f"view => {{ ({runtime})(view).kill(); }}")
    again = view.element.locator("xpath=ancestor::figure").get_by_role("button", name="Try again")
    if again.is_visible():
        again.click()
    view.set(figure.reply["parameters"])
    check(figure, view)


# ---- the pointer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "figure", [figure for figure in FIGURES if pointed_at(figure, "cell", "row", "column")], ids=str
)
@pytest.mark.parametrize("pointer", ["hover", "tap"])
def test_the_pointer_over_a_panel_sets_the_sliders(living, visit, figure, pointer):
    view = living(figure) if pointer == "hover" else visit(figure.page, **PHONE).view(figure)
    scene = view.scene()
    moves = {}
    for slider, panel, quantity in pointed_at(figure, "cell", "row", "column"):
        moves.setdefault(panel, {})[quantity] = slider
    for name, sliders in moves.items():
        height, width = scene["panels"][name]["values"].shape[-2:]
        row, column = height - 1, width // 2
        x, y = place(view.panel(name), scene["panels"][name], row, column)
        if pointer == "hover":
            view.page.mouse.move(x - 1, y - 1)
            view.page.mouse.move(x, y)
        else:
            view.page.touchscreen.tap(x, y)
        view.settle()
        offsets = {"cell": row * width + column, "row": row, "column": column}
        for quantity, slider in sliders.items():
            low, high = scene["limits"].get(slider["name"], [slider["minimum"], slider["maximum"]])
            expected = min(max(slider["minimum"] + offsets[quantity], low), high)
            assert view.parameters()[slider["name"]] == expected
        check(figure, view)


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if pointed_at(figure, "x", "y")], ids=str)
def test_dragging_on_a_plot_sets_the_sliders(living, figure):
    view = living(figure)
    for slider, name, quantity in pointed_at(figure, "x", "y"):
        view.set(figure.reply["parameters"])
        surface = view.panel(name).locator("[data-pointer]")
        surface.evaluate("element => element.scrollIntoView({ block: 'center' })")  # the mouse needs to reach it
        area = surface.bounding_box()
        middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
        view.page.mouse.move(*middle)
        view.page.mouse.down()
        values = []
        for share in (-0.2, 0.2):
            step = share * area["width"], -share * area["height"]
            view.page.mouse.move(middle[0] + step[0], middle[1] + step[1], steps=4)
            view.settle()
            values.append(view.parameters()[slider["name"]])
        view.page.mouse.up()
        assert values[0] < values[1], f"{slider['name']} does not follow {quantity}"
        check(figure, view)


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if controls(figure, "matrix")], ids=str)
def test_a_matrix_is_painted_with_the_pointer(living, figure):
    view = living(figure)
    for control in controls(figure, "matrix"):
        part = view.control(control["name"])
        part.get_by_role("button", name="Paint").click()
        part.get_by_label("Brush").fill("-3")
        part.locator(".dlcore-view__matrix").scroll_into_view_if_needed()
        inputs = part.locator(".dlcore-view__matrix input")
        areas = [inputs.nth(index).bounding_box() for index in range(2)]  # the first two of the first row
        centres = [(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2) for area in areas]
        view.page.mouse.move(*centres[0])
        view.page.mouse.down()
        view.page.mouse.move(*centres[1], steps=8)
        view.page.mouse.up()
        view.settle()
        part.get_by_role("button", name="Paint").click()
        expected = [list(row) for row in figure.reply["parameters"][control["name"]]]
        expected[0][:2] = [-3, -3]
        assert view.parameters()[control["name"]] == expected
        check(figure, view)


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if controls(figure, "matrix")], ids=str)
def test_what_is_no_number_is_not_sent_and_said(living, figure):
    view = living(figure)
    for control in controls(figure, "matrix"):
        view.focus(control["name"])
        view.page.keyboard.press("ControlOrMeta+a")
        view.page.keyboard.insert_text(str(10 * control["limit"] + 1))
        view.settle()
        part = view.control(control["name"])
        assert view.parameters() == figure.reply["parameters"]
        assert part.locator("[aria-invalid=true]").count() == 1
        assert "number" in part.locator(".dlcore-view__message").inner_text()
        view.page.keyboard.press("ControlOrMeta+a")
        view.page.keyboard.insert_text("-2")
        view.settle()
        assert view.parameters()[control["name"]][0][0] == -2
        assert part.locator("[aria-invalid=true]").count() == 0


def png(height, width, colour):
    """A picture file of one colour."""

    def chunk(name, content):
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(colour) * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def drop(panel, name, kind, content):
    """Drop a file on a panel, as the file manager does."""
    panel.evaluate(
        """(panel, {name, kind, content}) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(content)], name, {type: kind}));
            const options = {dataTransfer: transfer, bubbles: true, cancelable: true};
            for (const event of ["dragover", "drop"]) panel.dispatchEvent(new DragEvent(event, options));
        }""",
        {"name": name, "kind": kind, "content": list(content)},
    )


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if controls(figure, "picture")], ids=str)
@pytest.mark.parametrize("way", ["choose", "drop"])
def test_a_picture_of_the_readers_is_computed_on(living, figure, way):
    view = living(figure)
    for control in controls(figure, "picture"):
        # Twice as large as there is room for, and narrow: it is shrunk and keeps its proportions.
        content = png(2 * control["height"], control["height"] // 2, (200, 30, 90))
        if way == "choose":
            file = {"name": "own.png", "mimeType": "image/png", "buffer": content}
            view.control(control["name"]).locator("input[type=file]").set_input_files(file)
        else:
            drop(view.panel(control["on"]), "own.png", "image/png", content)
        view.page.wait_for_function(
            "([view, name]) => typeof view.dlcore.parameters[name] === 'object'",
            arg=[view.element.element_handle(), control["name"]],
        )
        view.settle()
        value = view.parameters()[control["name"]]
        assert (value["height"], value["width"]) == (control["height"], round(control["height"] / 4))
        assert control_by_name(figure, control["name"]).check(value)[3, 3].tolist() == [200, 30, 90]
        check(figure, view)


def control_by_name(figure, name):
    return next(control for control in figure.widget.controls if control.name == name)


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if controls(figure, "picture")], ids=str)
def test_a_file_that_is_no_picture_is_refused_in_words(living, figure):
    view = living(figure)
    for control in controls(figure, "picture"):
        drop(view.panel(control["on"]), "essay.txt", "text/plain", b"no picture")
        message = view.control(control["name"]).locator(".dlcore-view__message")
        message.filter(has_text="essay.txt").wait_for()
        assert view.parameters() == figure.reply["parameters"]


# ---- for everybody ----------------------------------------------------------------------------------------


@each_figure
def test_the_new_scene_is_announced(living, figure):
    view = living(figure)
    region = view.element.locator(".dlcore-view__announcement[aria-live=polite]")
    view.page.wait_for_timeout(1100)  # what the way to here announced
    view.press(controls(figure, "slider")[0]["name"])
    description = view.scene()["description"]
    region.filter(has_text=description).wait_for(state="attached", timeout=3000)
    assert view.element.get_by_role("group", name=description, exact=True).count() == 1


@each_figure
def test_every_input_has_a_name_and_a_visible_focus(living, figure):
    view = living(figure)
    inputs = ("slider", "combobox", "checkbox", "spinbutton", "button", "textbox")
    lines = [line.strip(" -") for line in view.element.aria_snapshot().splitlines()]
    found = [line for line in lines if line.startswith(inputs)]
    assert len(found) > len(figure.declaration["controls"])
    assert [line for line in found if not re.match(r'\w+ "[^"]', line)] == []
    missed = set(view.controls)
    for _ in view.tabs():
        missed -= {name for name in missed if view.has_focus(name)}
        style = view.page.evaluate(
            """() => {
                const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(document.activeElement);
                return {outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth), shadow: boxShadow};
            }"""
        )
        assert style["outline"] > 0 or style["shadow"] != "none", f"the focus is not to be seen: {style}"
    assert missed == set(), "the Tab key does not lead there"


@each_figure
def test_nothing_scrolls_sideways_on_a_phone(visit, figure):
    opened = visit(figure.page, reduced_motion="reduce", **PHONE)
    view = opened.view(figure)
    for width in (360, 320):
        opened.page.set_viewport_size({"width": width, "height": 740})
        # The panels are drawn anew in the frame after the one in which they get their width.
        opened.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
        room = "[document.documentElement.scrollWidth, document.documentElement.clientWidth, innerWidth]"
        assert opened.page.evaluate(room) == [width, width, width]
        sides = view.element.evaluate(
            """view => {
                const areas = [...view.querySelectorAll("*")].map(part => part.getBoundingClientRect())
                    .filter(({width, height}) => width > 1 && height > 1);
                const [left, right] = ["left", "right"].map(side => areas.map(area => area[side]));
                return [Math.min(...left), Math.max(...right)];
            }"""
        )
        assert sides[0] >= 0 and sides[1] <= width
    # Readers who asked for less motion get none; fingers get inputs that they can hit.
    assert view.element.evaluate("view => view.getAnimations({subtree: true}).length") == 0
    inputs = view.element.locator("input:not([type=file]), select, button").filter(visible=True)
    heights = inputs.evaluate_all(
        "inputs => inputs.map(input => (input.closest('label') ?? input).getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
