/** The code editor of a live cell: CodeMirror with what a few lines of Python need, and no more. */

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const markLine = StateEffect.define();

const markedLine = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(markLine)) continue;
      const { doc } = transaction.state;
      if (!(effect.value >= 1 && effect.value <= doc.lines)) return Decoration.none;
      const line = Decoration.line({ class: "dlcore-editor__error" });
      return Decoration.set([line.range(doc.line(effect.value).from)]);
    }
    // Whoever changes the code is about to mend it.
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Make an editor.
 *
 * @param {{parent: HTMLElement, code: string, label: string, description: string, onRun: function(): void,
 *   onChange: function(): void}} options
 * @returns {{code: string, mark: function(?number): void, focus: function(number=, number=): void}} `code` can be read
 *   and set; `mark` marks a line, counted from 1, or none; `focus` puts the cursor into a line and a column, from 0
 */
export function createEditor({ parent, code, label, description, onRun, onChange }) {
  const run = () => {
    onRun();
    return true;
  };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: code,
      extensions: [
        keymap.of([
          { key: "Ctrl-Enter", mac: "Cmd-Enter", run },
          { key: "Shift-Enter", run },
          indentWithTab,
          ...defaultKeymap,
          ...historyKeymap,
        ]),
        lineNumbers(),
        history(),
        bracketMatching(),
        indentUnit.of("    "),
        EditorState.tabSize.of(4),
        pythonLanguage,
        syntaxHighlighting(classHighlighter),
        markedLine,
        EditorView.contentAttributes.of({ "aria-label": label, "aria-description": description }),
        EditorView.updateListener.of((update) => update.docChanged && onChange()),
      ],
    }),
  });
  return {
    get code() {
      return view.state.doc.toString();
    },
    set code(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    mark: (line) => view.dispatch({ effects: markLine.of(line) }),
    focus(line = 1, column = 0) {
      const { doc } = view.state;
      const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
      view.dispatch({ selection: { anchor: Math.min(from + column, to) }, scrollIntoView: true });
      view.focus();
    },
  };
}
