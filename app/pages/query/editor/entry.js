// The editor of the Query page: CodeMirror 6 with SQL, offered to query.js as window.sqlEditor(parent, options).
import { EditorView, basicSetup } from "codemirror";
import { EditorState, Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { SQLDialect, StandardSQL, sql } from "@codemirror/lang-sql";

const Spark = SQLDialect.define({ ...StandardSQL.spec, identifierQuotes: "`", doubleQuotedStrings: true });

window.sqlEditor = function (parent, options) {
    return new EditorView({
        parent: parent,
        state: EditorState.create({
            doc: options.text,
            extensions: [
                Prec.highest(keymap.of([{ key: "Mod-Enter", run: function () { options.run(); return true; } }])),
                basicSetup,
                sql({ dialect: Spark, schema: options.schema, upperCaseKeywords: true }),
                EditorView.lineWrapping,
                EditorView.contentAttributes.of({ "aria-label": "Query, in Spark SQL" }),
                EditorView.updateListener.of(function (update) {
                    if (update.docChanged) { options.changed(update.state.doc.toString()); }
                })
            ]
        })
    });
};
