// The form of the Query page: the server writes what is chosen as Spark SQL, and the editor shows it at once.
(function () {
    "use strict";

    var element = window.elements.element, button = window.elements.button, select = window.elements.select;
    var MS_OF_TYPING = 200, MOST = 8;
    var FUNCTIONS = ["count", "count distinct", "sum", "avg", "min", "max"];
    var OPERATORS = ["=", "<>", "<", "<=", ">", ">=", "like", "in", "is null", "is not null"];
    var spec = { table: "", groups: [], measures: [{ function: "count", column: "" }], filters: [], sort: 1, limit: 100 };
    var tables = [], send = null, write = null, timer = null, asked = 0;

    function place() { return document.getElementById("query-form"); }

    function names() {
        return tables.find(function (each) { return each.name === spec.table; }).columns.map(function (each) { return each[0]; });
    }

    function needsValue(filter) { return !filter.operator.startsWith("is"); }

    // A filter whose value nobody has written yet is none.
    function said() {
        var filters = spec.filters.filter(function (each) { return !needsValue(each) || each.value !== ""; });
        return Object.assign({}, spec, { filters: filters, sort: Math.min(spec.sort, spec.measures.length) });
    }

    function changed() {
        window.clearTimeout(timer);
        timer = window.setTimeout(compose, MS_OF_TYPING);
    }

    async function compose() {
        var number = asked += 1, told = await send("POST", "/form", said());
        var problem = document.getElementById("query-form-problem");
        if (number !== asked || !problem) { return; }
        problem.textContent = told.problem ? told.problem + (told.remedy ? " " + told.remedy[0].toUpperCase() + told.remedy.slice(1) + "." : "") : "";
        if (!told.problem) { write(told.sql); }
    }

    // Another number of parts, or other columns: the form is drawn anew.
    function redraw() { draw(); changed(); }

    function field(label, value, properties, act) {
        var made = element("input", Object.assign({ value: value }, properties));
        made.setAttribute("aria-label", label);
        made.addEventListener("input", function () { act(made.value); changed(); });
        return made;
    }

    function chosen(label, part, name, options, redraws) {
        return select(label, options, part[name], function (value) {
            part[name] = value;
            if (redraws) { redraw(); } else { changed(); }
        });
    }

    function without(parts, part, label) {
        var made = button("\u00d7", function () { parts.splice(parts.indexOf(part), 1); redraw(); }, { className: "remove" });
        made.setAttribute("aria-label", label);
        return made;
    }

    function measure(each, number) {
        var columns = (each.function === "count" ? [["", "all rows"]] : []).concat(names());
        if (each.function !== "count" && !each.column) { each.column = names()[names().length - 1]; }
        return element("div", { className: "row" }, [
            chosen("Measure " + number, each, "function", FUNCTIONS, true),
            chosen("Column of measure " + number, each, "column", columns, true),
            spec.measures.length > 1 ? without(spec.measures, each, "Remove measure " + number) : null,
        ]);
    }

    function filter(each, number) {
        return element("div", { className: "row" }, [
            chosen("Column of filter " + number, each, "column", names()),
            chosen("Comparison of filter " + number, each, "operator", OPERATORS, true),
            needsValue(each) ? field("Value of filter " + number, each.value, { type: "text", size: 12, maxLength: 200, placeholder: each.operator === "in" ? "a, b, c" : "" }, function (value) { each.value = value; }) : null,
            without(spec.filters, each, "Remove filter " + number),
        ]);
    }

    function more(words, parts, made) {
        return button(words, function () { parts.push(made()); redraw(); }, { disabled: parts.length >= MOST });
    }

    function part(label, parts) { return [element("span", { className: "muted", textContent: label }), element("div", { className: "parts" }, parts)]; }

    function keepPossible() {
        var known = names();
        spec.groups = spec.groups.filter(function (each) { return known.includes(each); });
        spec.filters = spec.filters.filter(function (each) { return known.includes(each.column); });
        spec.measures.forEach(function (each) { if (!known.includes(each.column)) { each.column = ""; } });
    }

    function groups() {
        var made = element("select", { multiple: true, size: Math.min(5, names().length) }, names().map(function (each) { return element("option", { value: each, textContent: each, selected: spec.groups.includes(each) }); }));
        made.setAttribute("aria-label", "Group by");
        made.addEventListener("change", function () { spec.groups = Array.from(made.selectedOptions).map(function (each) { return each.value; }).slice(0, MOST); changed(); });
        return made;
    }

    function sorting() {
        var options = spec.measures.map(function (each, i) { return [String(i + 1), each.function + " " + (each.column || "of rows") + ", greatest first"]; });
        return select("Sort by", options.concat([["0", "groups"]]), String(Math.min(spec.sort, spec.measures.length)), function (value) { spec.sort = Number(value); changed(); });
    }

    function draw() {
        var focused = document.activeElement && document.activeElement.getAttribute("aria-label");
        keepPossible();
        place().replaceChildren.apply(place(), [].concat(
            part("Table", [chosen("Table", spec, "table", tables.map(function (each) { return each.name; }), true)]),
            part("Group by", [groups()]),
            part("Measures", spec.measures.map(function (each, i) { return measure(each, i + 1); }).concat([more("Add a measure", spec.measures, function () { return { function: "sum", column: "" }; })])),
            part("Filters", spec.filters.map(function (each, i) { return filter(each, i + 1); }).concat([more("Add a filter", spec.filters, function () { return { column: names()[0], operator: "=", value: "" }; })])),
            part("Sort by", [sorting()]),
            part("Rows", [field("Rows", spec.limit, { type: "number", min: 1, max: 1000 }, function (value) { spec.limit = Math.min(1000, Math.max(1, parseInt(value, 10) || 1)); })]),
            [element("p", { id: "query-form-problem", className: "bad", role: "status" })]
        ));
        var again = focused && place().querySelector("[aria-label='" + focused + "']");
        if (again) { again.focus(); }
    }

    // Called once the schema is there.
    window.queryForm = function (known, asking, writing) {
        tables = known;
        send = asking;
        write = writing;
        if (!tables.length) { return; }
        spec.table = tables.some(function (each) { return each.name === spec.table; }) ? spec.table : tables[0].name;
        draw();
    };
})();
