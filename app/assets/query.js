// The Query page: schema, editor, form, result, plan, history. All of it asks /api/v1/queries.
(function () {
    "use strict";

    var element = window.elements.element, button = window.elements.button;
    var MS_BETWEEN_LOOKS = 250, MOST_BARS = 40, KEPT = "query-text";
    var tables = [], run = null, view = null, area = null, going = "", examples = {};

    function api(what) {
        var values = window.site.read(window.location.search).values, said = new URLSearchParams();
        ["lake", "run"].forEach(function (name) { if (values[name]) { said.append(name, values[name]); } });
        return window.site.base + "api/v1/queries" + what + "?" + said.toString();
    }

    function by(id) { return document.getElementById(id); }

    async function send(method, what, body) {
        var options = { method: method };
        if (body) { options.headers = { "Content-Type": "application/json" }; options.body = JSON.stringify(body); }
        try {
            var answer = await fetch(api(what), options);
            var told = answer.status === 204 ? {} : await answer.json();
            return answer.ok ? told : { problem: told.title || "The site did not answer", remedy: told.remedy };
        } catch (error) {
            return { problem: "The site does not answer" };
        }
    }

    // The editor: CodeMirror where its file comes, else a plain field.

    function text() { return view ? view.state.doc.toString() : area ? area.value : ""; }

    function write(sql) {
        if (view) { view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: sql } }); }
        if (area) { area.value = sql; keep(sql); }
    }

    function insert(words) {
        if (view) { view.dispatch(view.state.replaceSelection(words)); view.focus(); }
        if (area) { area.setRangeText(words, area.selectionStart, area.selectionEnd, "end"); area.focus(); keep(area.value); }
    }

    function keep(sql) { sessionStorage.setItem(KEPT, sql); }

    function openEditor(place) {
        var first = sessionStorage.getItem(KEPT) || Object.values(examples)[0];
        view = null;
        area = element("textarea", { value: first, spellcheck: false });
        area.setAttribute("aria-label", "Query, in Spark SQL");
        area.addEventListener("input", function () { keep(area.value); });
        area.addEventListener("keydown", function (event) {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); ask("run"); }
        });
        place.replaceChildren(area);
        if (window.sqlEditor) { return better(place); }
        var script = element("script", { src: window.site.base + "assets/editor/codemirror.js" });
        script.addEventListener("load", function () { better(place); });
        document.head.append(script);
    }

    function better(place) {
        if (!area || !place.isConnected) { return; }
        var known = {};
        tables.forEach(function (table) {
            var columns = table.columns.map(function (column) { return { label: column[0], type: "property", detail: column[1], info: column[2] }; });
            known[table.view] = known[table.name] = columns;
        });
        var words = area.value;
        area = null;
        place.replaceChildren();
        view = window.sqlEditor(place, { text: words, schema: known, run: function () { ask("run"); }, changed: keep });
    }

    // Asking.

    function busy(identity) {
        going = identity;
        by("query-run").disabled = by("query-plan").disabled = Boolean(identity);
        by("query-cancel").disabled = !identity;
    }

    async function ask(act) {
        if (going) { return window.site.say("Your last query still runs"); }
        busy("asking");
        show([element("p", { className: "muted", textContent: "Waiting …" })]);
        var told = await send("POST", "", { sql: text(), act: act });
        var began = Date.now();
        while (!told.problem && (told.state === "waiting" || told.state === "working")) {
            busy(told.id);
            await new Promise(function (resolve) { setTimeout(resolve, MS_BETWEEN_LOOKS); });
            if (!by("query-result")) { going = ""; return; }
            told = await send("GET", "/" + told.id);
            var seconds = Math.round((Date.now() - began) / 1000);
            var doing = told.state === "waiting" ? "Spark starts, or others are first" : "Working";
            show([element("p", { className: "muted", textContent: doing + " … " + seconds + " s" })]);
        }
        busy("");
        if (told.problem) { show([failure(told.problem, told.remedy)]); } else { answer(told); }
        list();
    }

    // All rows are a job's work: they may be many, and take minutes.
    async function askAll(form) {
        var lake = window.site.read(window.location.search).values.lake;
        var asked = { kind: "query-rows", arguments: { sql: text(), form: form, run: run } };
        if (await window.jobs.submit(asked, lake)) { window.jobs.open(); }
    }

    async function format() {
        var told = await send("POST", "/format", { sql: text() });
        if (told.problem) { window.site.say(told.problem); } else { write(told.sql); }
    }

    function show(parts) {
        var place = by("query-result");
        if (place) { place.replaceChildren.apply(place, [element("h2", { textContent: "Result" })].concat(parts)); }
    }

    function failure(message, remedy) {
        return element("div", { className: "state failed", id: "query-failure" }, [
            element("p", { textContent: message }),
            remedy ? element("p", { className: "muted", textContent: remedy[0].toUpperCase() + remedy.slice(1) + "." }) : null
        ]);
    }

    function source(told) {
        var versions = Object.entries(told.versions).map(function (pair) { return pair[0] + " version " + pair[1]; });
        return ["run " + told.run, told.seconds + " s"].concat(versions).join(" · ");
    }

    function answer(told) {
        if (told.message) { return show([failure(told.message, told.remedy)]); }
        if (told.act === "plan") {
            var plan = element("pre", { className: "query-plan", tabIndex: 0, textContent: told.plan });
            return show([element("p", { className: "muted", textContent: "How Spark would run it · " + source(told) }), plan]);
        }
        var count = told.rows.length.toLocaleString("en") + (told.rows.length === 1 ? " row" : " rows");
        var more = told.is_cut ? "The first " + count + "; there are more, which \u201cAll rows\u201d brings as a file" : count;
        var links = ["csv", "json", "parquet"].map(function (form) {
            return element("a", { className: "button", href: api("/" + told.id + "/result." + form), textContent: form.toUpperCase() });
        });
        show([
            element("p", { className: "muted", id: "query-told", textContent: more + " · " + source(told) }),
            element("div", { className: "query-buttons" }, links),
            grid(told),
            chart(told)
        ]);
    }

    function words(cell) { return typeof cell === "object" ? JSON.stringify(cell) : typeof cell === "number" ? cell.toLocaleString("en", { maximumFractionDigits: 6, useGrouping: false }) : String(cell); }

    function grid(told) {
        var columns = told.columns.map(function (column, at) {
            var isNumber = told.rows.every(function (row) { return row[at] === null || typeof row[at] === "number"; });
            return { name: column.name, kind: isNumber ? "number" : "text", title: "Sort by " + column.name + ", " + column.type };
        });
        var rows = told.rows.map(function (row) {
            return row.map(function (cell) { return cell === null ? null : [typeof cell === "number" ? cell : words(cell), words(cell)]; });
        });
        var place = element("div", { id: "query-grid", className: "grid-slot" });
        window.grid(place, { label: "Rows of the result", columns: columns, sort: [], rows: rows });
        return place;
    }

    // A quick chart: the last column of numbers by the first column.
    function chart(told) {
        var last = told.columns.length - 1;
        while (last > 0 && !told.rows.every(function (row) { return row[last] === null || typeof row[last] === "number"; })) { last -= 1; }
        if (last < 1 || told.rows.length < 2) { return null; }
        var rows = told.rows.slice(0, MOST_BARS), top = Math.max.apply(null, rows.map(function (row) { return row[last] || 0; })) || 1;
        var parts = [];
        rows.forEach(function (row) {
            var bar = element("div", { className: "bar" });
            bar.style.width = Math.max(0, 100 * (row[last] || 0) / top) + "%";
            parts.push(element("span", { textContent: words(row[0]) }), bar, element("span", { textContent: words(row[last]) }));
        });
        var title = told.columns[last].name + " by " + told.columns[0].name;
        return element("details", { className: "query-quick" }, [element("summary", { textContent: "Quick chart: " + title }), element("div", { className: "query-chart" }, parts)]);
    }

    // Tables and columns.

    function tree() {
        by("query-schema").replaceChildren.apply(by("query-schema"), tables.map(function (table) {
            var columns = table.columns.map(function (column) {
                var name = button(column[0], function () { insert(column[0]); }, { className: "" });
                return element("li", {}, [name, element("span", { className: "muted", textContent: " " + column[1] }), element("div", { className: "muted", textContent: column[2] })]);
            });
            var name = button(table.name, function () { insert(table.name); }, { className: "", title: "Put it into the query" });
            return element("details", {}, [element("summary", { textContent: table.name }), element("p", { className: "muted", textContent: table.comment }), name, element("ul", {}, columns)]);
        }));
    }

    // History and saved queries.

    async function list() {
        var told = await send("GET", ""), place = by("query-log");
        if (!place) { return; }
        if (told.problem) { return place.replaceChildren(element("p", { className: "muted", textContent: told.problem })); }
        function entry(sql, facts, extra) { return element("li", {}, [button(sql, function () { write(sql); }, { className: "text" }), element("span", { className: "muted", textContent: facts }), extra]); }
        var saved = told.saved.map(function (each) {
            var remove = button("×", async function () { await send("DELETE", "/saved", { name: each.name }); list(); }, { className: "remove" });
            remove.setAttribute("aria-label", "Remove the query " + each.name);
            return entry(each.sql, each.name, remove);
        });
        var asked = told.history.map(function (each) {
            var versions = Object.entries(each.versions).map(function (pair) { return pair[0] + " version " + pair[1]; }).join(", ");
            var rows = each.num_rows === null ? "" : each.num_rows + " rows";
            return entry(each.sql, [each.asked_at.slice(0, 16).replace("T", " ") + " UTC", each.verdict, rows, each.seconds.toFixed(1) + " s", "run " + each.run, versions].filter(Boolean).join(" · "));
        });
        var name = element("input", { type: "text", placeholder: "Name", maxLength: 80 });
        name.setAttribute("aria-label", "Name of the query");
        var save = button("Save this query", async function () {
            var done = await send("PUT", "/saved", { name: name.value, sql: text() });
            window.site.say(done.problem || "Query saved");
            list();
        });
        function part(title, entries) { return [element("h2", { textContent: title }), entries.length ? element("ul", { className: "query-list" }, entries) : element("p", { className: "muted", textContent: "None yet." })]; }
        place.replaceChildren.apply(place, [].concat(part("Saved queries", saved), [element("div", { className: "query-save" }, [name, save])], part("Your queries", asked)));
    }

    async function begin(place) {
        examples = JSON.parse(place.dataset.examples);
        going = "";
        tables = [];
        openEditor(place);
        list();
        var told = await send("GET", "/schema");
        if (by("query-editor") !== place) { return; }  // the page was drawn anew meanwhile
        if (told.problem) { return by("query-schema").replaceChildren(element("p", { className: "muted", textContent: told.problem })); }
        tables = told.tables;
        run = told.run;
        tree();
        window.queryForm(tables, send, write);
        if (view) { var words = text(); view.destroy(); area = element("textarea", { value: words }); better(place); }
    }

    document.addEventListener("click", function (event) {
        var pressed = event.target.closest ? event.target.closest("button") : null;
        if (!pressed) { return; }
        if (pressed.id === "query-run") { ask("run"); }
        if (pressed.id === "query-plan") { ask("plan"); }
        if (pressed.id === "query-format") { format(); }
        if (pressed.dataset.allrows) { askAll(pressed.dataset.allrows); }
        if (pressed.id === "query-cancel" && going) { send("POST", "/" + going + "/cancel", {}); }
        if (pressed.dataset.example && by("query-editor")) { write(examples[pressed.dataset.example]); }
    });

    new MutationObserver(function () {
        var place = by("query-editor");
        if (place && !place.firstChild) { begin(place); }
    }).observe(document.body, { childList: true, subtree: true });
})();
