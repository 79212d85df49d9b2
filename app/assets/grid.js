// Grids: rows that are sorted and filtered here, without asking the server. What a reader chose in a grid, and the
// focus, survive that its rows are replaced; they end with the grid.
(function () {
    "use strict";

    var element = window.elements.element, button = window.elements.button, select = window.elements.select;
    var COMPARISON = /^\s*(>=|<=|>|<|=|)\s*(-?\d+(?:\.\d+)?)\s*(?:\.\.\s*(-?\d+(?:\.\d+)?))?\s*$/;
    var ARROWS = { ascending: "\u2191", descending: "\u2193", none: "\u2195" };
    var chosen = {};  // id of a grid -> { place, direction, filters, focus }; columns by place: a query may name two alike

    // Cells: a value, or a value beside the words that are shown.

    function value(cell) { return Array.isArray(cell) ? cell[0] : cell; }

    function words(cell) {
        var shown = Array.isArray(cell) ? cell[1] : cell;
        return shown === null ? "NULL" : String(shown);
    }

    function compare(one, other) {
        if (typeof one === "number" && typeof other === "number") { return one - other; }
        return String(one).localeCompare(String(other), "en", { numeric: true });
    }

    // Filters: each returns whether a cell fits, or null where it says nothing or cannot be understood.

    function filter(kind, said) {
        if (!said.trim()) { return null; }
        if (kind === "choice") { return function (cell) { return words(cell) === said; }; }
        if (kind === "number") { return comparison(said); }
        var part = said.trim().toLowerCase();
        return function (cell) {
            var sorted = typeof value(cell) === "string" ? value(cell) : "";  // a day is found in either way of writing
            return words(cell).toLowerCase().includes(part) || sorted.toLowerCase().includes(part);
        };
    }

    function comparison(said) {
        var found = COMPARISON.exec(said);
        if (!found || (found[3] && found[1])) { return null; }
        var sign = found[1], low = Number(found[2]), high = found[3] ? Number(found[3]) : low;
        return function (cell) {
            var number = value(cell);
            if (typeof number !== "number") { return false; }
            if (sign === ">") { return number > low; }
            if (sign === ">=") { return number >= low; }
            if (sign === "<") { return number < low; }
            if (sign === "<=") { return number <= low; }
            return number >= low && number <= high;
        };
    }

    // Laying out: the head once, the rows whenever they or the choices change.

    function choices(slot, content) {
        var names = JSON.stringify(content.columns), its = chosen[slot.id];
        if (!its || its.names !== names) {
            var place = content.columns.findIndex(function (column) { return column.name === content.sort[0]; });
            its = chosen[slot.id] = { names: names, place: place, direction: content.sort[1], filters: [], focus: "" };
        }
        return its;
    }

    function fill(slot) {
        var content = slot.content, its = choices(slot, content), parts = slot.parts;
        var sign = its.direction === "ascending" ? 1 : -1, tests = [];
        content.columns.forEach(function (column, at) {
            var said = its.filters[at] || "", test = filter(column.kind, said);
            var direction = at === its.place ? its.direction : "none";
            if (test) { tests.push([at, test]); }
            parts.filters[at].setAttribute("aria-invalid", String(Boolean(said.trim()) && !test));
            parts.heads[at].setAttribute("aria-sort", direction);
            parts.heads[at].querySelector(".arrow").textContent = ARROWS[direction];
        });
        var shown = content.rows.filter(function (row) {
            return tests.every(function (test) { return test[1](row[test[0]]); });
        });
        if (its.place >= 0) {
            shown.sort(function (one, other) {
                var a = value(one[its.place]), b = value(other[its.place]);
                return a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b);
            });
        }
        parts.body.replaceChildren.apply(parts.body, shown.map(function (row) { return line(row, content.columns); }));
        var all = content.rows.length.toLocaleString("en");
        parts.told.textContent = tests.length ? shown.length.toLocaleString("en") + " of " + all + " rows fit" : all + (content.rows.length === 1 ? " row" : " rows");
        parts.clear.hidden = !its.filters.some(Boolean);
    }

    function line(row, columns) {
        return element("tr", {}, row.map(function (cell, at) {
            var made = element(at ? "td" : "th", { textContent: words(cell) });
            if (!at) { made.scope = "row"; }
            made.className = cell === null ? "null" : columns[at].kind === "number" ? "number" : "";
            return made;
        }));
    }

    function head(slot, column, at) {
        var sorter = button(column.name, function () {
            var its = chosen[slot.id], first = column.kind === "number" ? "descending" : "ascending";
            var other = first === "descending" ? "ascending" : "descending";
            its.direction = at === its.place && its.direction === first ? other : first;
            its.place = at;
            fill(slot);
        }, { className: "sorter", title: column.title || "Sort by " + column.name });
        var arrow = element("span", { className: "arrow" });
        arrow.setAttribute("aria-hidden", "true");
        sorter.append(arrow);
        sorter.dataset.control = "sort " + at;
        return element("th", { scope: "col", className: column.kind === "number" ? "number" : "" }, [sorter]);
    }

    function control(slot, column, at) {
        var its = chosen[slot.id], said = its.filters[at] || "", label = "Filter " + column.name, made;
        function heed(words) { its.filters[at] = words; fill(slot); }
        if (column.kind === "choice") {
            var found = Array.from(new Set(slot.content.rows.map(function (row) { return words(row[at]); })));
            if (said && !found.includes(said)) { found.push(said); }
            found.sort(compare);
            made = select(label, [["", "All"]].concat(found), said, heed);
        } else {
            made = element("input", { type: "text", value: said, placeholder: column.kind === "number" ? "> 3" : "Find", autocomplete: "off", spellcheck: false });
            made.setAttribute("aria-label", label + (column.unit ? ", " + column.unit : "") + (column.kind === "number" ? ": a number, > 3, <= 3, or 2..5" : ""));
            if (column.unit) { made.placeholder = "> 3 " + column.unit; }
            made.addEventListener("input", function () { heed(made.value); });
        }
        made.dataset.control = "filter " + at;
        return made;
    }

    function layOut(slot) {
        var content = slot.content, columns = content.columns;
        choices(slot, content);
        var heads = columns.map(function (column, at) { return head(slot, column, at); });
        var filters = columns.map(function (column, at) { return control(slot, column, at); });
        var row = element("tr", { className: "grid-filters" }, filters.map(function (each) { return element("td", {}, [each]); }));
        var body = element("tbody"), told = element("span", { className: "muted" });
        var clear = button("Clear the filters", function () {
            chosen[slot.id].filters = [];
            layOut(slot);
            slot.querySelector("[data-control]").focus();
        }, { hidden: true });
        told.setAttribute("role", "status");
        var table = element("table", {}, [element("thead", {}, [element("tr", {}, heads), row]), body]);
        var region = element("div", { className: "grid-rows", tabIndex: 0 }, [table]);
        region.setAttribute("role", "region");
        region.setAttribute("aria-label", content.label);
        slot.parts = { heads: heads, filters: filters, body: body, told: told, clear: clear };
        slot.replaceChildren(element("div", { className: "grid-told" }, [told, clear]), region);
        fill(slot);
    }

    // Shows rows in an element that has an id: { label, columns: [{ name, kind, unit, title }], sort: [name, direction] or
    // [] where they keep the order in which they come, rows }.
    function show(slot, content) {
        var focus = (chosen[slot.id] || {}).focus;
        slot.content = content;
        layOut(slot);
        if (focus && document.activeElement === document.body) {
            var before = Array.from(slot.querySelectorAll("[data-control]")).find(function (each) { return each.dataset.control === focus; });
            if (before) { before.focus(); }
            if (before && before.setSelectionRange) { before.setSelectionRange(before.value.length, before.value.length); }
        }
    }

    function remember(event) {
        var slot = event.target.closest ? event.target.closest(".grid-slot") : null;
        Object.keys(chosen).forEach(function (id) {
            chosen[id].focus = slot && slot.id === id ? event.target.dataset.control || "" : "";
        });
    }
    document.addEventListener("focusin", remember);
    document.addEventListener("pointerdown", remember);  // a press beside every control takes the focus away as well

    new MutationObserver(function () {
        Object.keys(chosen).forEach(function (id) {
            if (!document.getElementById(id)) { delete chosen[id]; }
        });
        document.querySelectorAll(".grid-slot[data-grid]").forEach(function (slot) {
            if (slot.laidOut === slot.dataset.grid) { return; }
            slot.laidOut = slot.dataset.grid;
            show(slot, JSON.parse(slot.dataset.grid));
        });
    }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-grid"] });

    window.grid = show;
})();
