"""What a test does with a view: read it, set it, move its controls by keyboard alone."""

import json
import re

from .scenes import decode

__all__ = ["View"]

# A promise that is never kept would stop the tests for ever.
WITHIN = """
const within = (promise, seconds) => Promise.race([promise, new Promise((_, refuse) =>
    setTimeout(() => refuse(new Error(`the view did not settle within ${seconds} s`)), 1000 * seconds))]);
"""

# A scene as JSON, each of its arrays the bytes of float64 (or bool) in base64.
SCENE = """view => {
    const text = bytes => {
        let letters = "";
        for (let start = 0; start < bytes.length; start += 32768)
            letters += String.fromCharCode(...bytes.subarray(start, start + 32768));
        return btoa(letters);
    };
    const plain = value => {
        if (value === null || typeof value !== "object") return value;
        if (ArrayBuffer.isView(value.data)) {
            const truth = value.dtype === "bool";
            const numbers = (truth ? Uint8Array : Float64Array).from(value.data);
            const bytes = new Uint8Array(numbers.buffer);
            return {dtype: truth ? "bool" : "float64", shape: [...value.shape], data: text(bytes)};
        }
        if (Array.isArray(value)) return value.map(plain);
        return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
    };
    return JSON.stringify(plain(view.dlcore.scene));
}"""


class View:
    """A view in a page.

    Parameters
    ----------
    page : playwright.sync_api.Page
    root : playwright.sync_api.Locator
        What the view stands in.
    declaration : dict
        Of the widget.
    """

    def __init__(self, page, root, declaration):
        self.page = page
        self.element = root.locator(".dlcore-view")
        self.controls = {control["name"]: control for control in declaration["controls"]}

    def wait(self, timeout=20_000):
        """Wait until the view is drawn; return it."""
        self.element.wait_for(timeout=timeout)
        return self

    def parameters(self):
        """The present values, in JSON's types."""
        return json.loads(self.element.evaluate("view => JSON.stringify(view.dlcore.parameters)"))

    def scene(self):
        """The scene that is drawn, with NumPy arrays."""
        return decode(json.loads(self.element.evaluate(SCENE)))

    def scene_text(self):
        """The scene that is drawn as text, to see whether it changed."""
        return self.element.evaluate(SCENE)

    def set(self, parameters, seconds=60):
        """Set all parameters at once and wait until their scene is drawn."""
        self.element.evaluate(
            f"(view, all) => {{ {WITHIN} return within(view.dlcore.set(all), {seconds}).then(() => null); }}",
            parameters,
        )

    def settle(self, seconds=60):
        """Wait until nothing is on its way."""
        self.element.evaluate(
            f"view => {{ {WITHIN} return within(view.dlcore.settled(), {seconds}).then(() => null); }}"
        )

    def control(self, name):
        """The part of the view in which the reader sets a parameter, found as a reader does: by its label."""
        label = re.compile(rf"^\s*{re.escape(self.controls[name]['label'])}\s*$")
        return self.element.locator(".dlcore-view__control").filter(
            has=self.page.locator("legend, label").filter(has_text=label)
        )

    def panel(self, name):
        """A panel of the scene."""
        return self.element.locator(f'[data-panel="{name}"]')

    def panels(self):
        """The names of the panels that the view draws. What a matrix control shows is not drawn twice."""
        names = self.element.evaluate("view => Object.keys(view.dlcore.scene.panels)")
        return [name for name in names if self.controls.get(name, {}).get("type") != "matrix"]

    def has_focus(self, name):
        """Whether one of the inputs of a control has the focus."""
        return self.control(name).evaluate("control => control.contains(document.activeElement)")

    def tabs(self):
        """Press the Tab key again and again, from before the view until the focus leaves it."""
        self.element.evaluate(
            "view => { view.tabIndex = -1; view.focus(); view.removeAttribute('tabindex'); }"
        )
        for _ in range(300):
            self.page.keyboard.press("Tab")
            if not self.element.evaluate("view => view.contains(document.activeElement)"):
                return
            yield
        raise AssertionError("the Tab key does not lead out of the view")

    def focus(self, name):
        """Go to the first input of a control by the Tab key alone."""
        for _ in self.tabs():
            if self.has_focus(name):
                return
        raise AssertionError(f"{name}: the Tab key does not lead to this control")

    def press(self, name):
        """Change a control's value by keyboard alone, and wait for the scene."""
        self.focus(name)
        before = self.parameters()[name]
        keys = {
            "slider": ["ArrowRight", "ArrowLeft"],  # the second where the first comes up against an end
            "choice": ["ArrowDown", "ArrowUp"],
            "picture": ["ArrowDown", "ArrowUp"],
            "checkbox": ["Space"],
            "matrix": ["7", "5"],
        }
        kind = self.controls[name]["type"]
        for key in keys[kind]:
            if kind == "matrix":
                self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.press(key)
            self.settle()
            if self.parameters()[name] != before:
                return
        raise AssertionError(f"{name}: {' and '.join(keys[kind])} leave it at {before!r}")
