// Grids: AG Grid, whose file comes with the first of them. What a reader chose in a grid, and the focus, survive that its
// rows are replaced; they end with the grid.
(function () {
    "use strict";

    var element = window.elements.element, button = window.elements.button;
    var MOST_WHOLE = 10, ROW = 29, HEAD = 34, FILTERS = 38, MOST = 420;  // rows shown without scrolling; px
    var SIGNS = {
        equals: "=", notEqual: "≠", greaterThan: ">", greaterThanOrEqual: "≥", lessThan: "<", lessThanOrEqual: "≤",
        inRange: "between", contains: "find", notContains: "without", blank: "no value", notBlank: "any value"
    };
    var compare = new Intl.Collator("en", { numeric: true }).compare;
    var grids = {};  // id of a grid -> { names, api, box, num, parts, tell, focus }
    var loading = null;

    function load() {
        loading = loading || new Promise(function (resolve, reject) {
            var script = element("script", { src: window.site.base + "assets/aggrid/aggrid.js" });
            script.addEventListener("load", resolve);
            script.addEventListener("error", function () { loading = null; reject(); });
            document.head.append(script);
        });
        return loading;
    }

    // Cells: a value, or a value beside the words that are shown.

    function value(cell) { return Array.isArray(cell) ? cell[0] : cell; }

    function words(cell) {
        var shown = Array.isArray(cell) ? cell[1] : cell;
        return shown === null ? "NULL" : String(shown);
    }

    function both(cell) {  // a day is found in either way of writing
        var sorted = value(cell), shown = words(cell);
        return sorted === null ? null : typeof sorted === "string" && sorted !== shown ? shown + " " + sorted : shown;
    }

    function inOrder(one, other, _row, _otherRow, isDescending) {
        if (one === null || other === null) { return ((one === null) - (other === null)) * (isDescending ? -1 : 1); }
        return typeof one === "number" && typeof other === "number" ? one - other : compare(one, other);
    }

    // Columns.

    class Heading {
        init(params) { this.made = element("span", { textContent: params.displayName, title: params.title }); }
        getGui() { return this.made; }
        refresh() { return false; }
    }

    class Choice {
        init(params) {
            var api = params.api, at = params.column.getColId(), made = this.made = element("select");
            made.setAttribute("aria-label", params.column.getColDef().headerName + " Filter Input");
            made.addEventListener("change", function () {
                params.parentFilterInstance(function (filter) {
                    filter.onFloatingFilterChanged(made.value ? "equals" : null, made.value || null);
                });
            });
            api.addEventListener("modelUpdated", function () {
                var said = made.value, found = new Set(said ? [said] : []);
                api.getGridOption("rowData").forEach(function (row) { found.add(words(row[at])); });
                var options = [["", "All"]].concat(Array.from(found).sort(compare).map(function (each) { return [each, each]; }));
                made.replaceChildren.apply(made, options.map(function (pair) {
                    return element("option", { value: pair[0], textContent: pair[1], selected: pair[0] === said });
                }));
            });
        }
        getGui() { return this.made; }
        onParentModelChanged(model) { this.made.value = model ? model.filter : ""; }
    }

    function defined(column, at, sort) {
        var isNumber = column.kind === "number", isChoice = column.kind === "choice";
        function cell(row) { return row.data[at]; }
        return {
            colId: String(at),  // by place: a query may name two alike
            headerName: column.name,
            headerComponentParams: { innerHeaderComponent: Heading, innerHeaderComponentParams: { title: column.title || "Sort by " + column.name } },
            type: isNumber ? "rightAligned" : undefined,
            cellAriaRole: at ? "gridcell" : "rowheader",
            cellClassRules: { "null": function (row) { return cell(row) === null; } },
            initialSort: sort[0] === column.name ? (sort[1] === "ascending" ? "asc" : "desc") : undefined,
            sortingOrder: isNumber ? ["desc", "asc", null] : ["asc", "desc", null],
            comparator: inOrder,
            valueGetter: function (row) { return value(cell(row)); },
            valueFormatter: function (row) { return words(cell(row)); },
            filter: isNumber ? "agNumberColumnFilter" : "agTextColumnFilter",
            filterValueGetter: isNumber ? undefined : function (row) { return isChoice ? words(cell(row)) : both(cell(row)); },
            floatingFilterComponent: isChoice ? Choice : undefined,
            suppressFloatingFilterButton: isChoice,
            floatingFilterComponentParams: { filterPlaceholder: true },
            filterParams: {
                debounceMs: 0,
                filterPlaceholder: function (its) { return SIGNS[its.filterOptionKey] + (column.unit ? " " + column.unit : ""); },
                filterOptions: isNumber || isChoice ? undefined : ["contains", "notContains", "blank", "notBlank"],
                inRangeInclusive: true,
                maxNumConditions: 1
            }
        };
    }

    function theme() {
        return window.agGrid.themeQuartz.withParams({
            accentColor: "var(--accent)",
            backgroundColor: "var(--surface)",
            borderColor: "var(--line)",
            browserColorScheme: "inherit",
            chromeBackgroundColor: "var(--well)",
            fontFamily: ["Inter", "system-ui", "sans-serif"],
            fontSize: 13,
            foregroundColor: "var(--ink)",
            headerFontSize: 12,
            headerHeight: HEAD,
            rowHeight: ROW,
            rowHoverColor: "var(--accent-soft)",
            textColor: "var(--ink)",
            wrapperBorderRadius: 8
        });
    }

    // Laying out.

    function made(content) {
        var told = element("span", { className: "muted" }), box = element("div", { className: "grid-rows" }), its;
        told.setAttribute("role", "status");
        var clear = button("Clear the filters", function () {
            its.api.setFilterModel(null);
            its.api.setFocusedHeader("0", true);
        }, { hidden: true });
        function tell() {
            var all = its.num.toLocaleString("en"), isFiltered = its.api.isAnyFilterPresent();
            var rows = its.num === 1 ? " row" : " rows";
            told.textContent = isFiltered ? its.api.getDisplayedRowCount().toLocaleString("en") + " of " + all + " rows fit" : all + rows;
            clear.hidden = !isFiltered;
        }
        its = { names: JSON.stringify(content.columns), box: box, num: 0, parts: [element("div", { className: "grid-told" }, [told, clear]), box] };
        its.api = window.agGrid.createGrid(box, {
            theme: theme(),
            columnDefs: content.columns.map(function (column, at) { return defined(column, at, content.sort); }),
            defaultColDef: { cellDataType: false, floatingFilter: true, maxWidth: 420, minWidth: 120, suppressHeaderFilterButton: true, suppressMovable: true },
            autoSizeStrategy: { type: "fitCellContents", scaleUpToFitGridWidth: true },
            animateRows: false,
            enableCellTextSelection: true,
            ensureDomOrder: true,
            floatingFiltersHeight: FILTERS,
            popupParent: document.body,
            suppressColumnVirtualisation: content.columns.length < 30,
            tabToNextCell: function () { return false; },  // Tab leaves the rows, arrows walk them
            onModelUpdated: function () { if (its.api) { tell(); } }
        });
        its.tell = tell;
        return its;
    }

    function layOut(slot, content) {
        var its = grids[slot.id];
        if (its && its.names !== JSON.stringify(content.columns)) { its.api.destroy(); its = null; }
        its = grids[slot.id] = its || made(content);
        its.num = content.rows.length;
        var isWhole = its.num <= MOST_WHOLE;
        its.box.style.height = isWhole ? "" : MOST + "px";
        its.api.setGridOption("domLayout", isWhole ? "autoHeight" : "normal");
        its.api.setGridAriaProperty("label", content.label);
        if (its.parts[0].parentNode !== slot) { slot.replaceChildren.apply(slot, its.parts); }
        its.api.setGridOption("rowData", content.rows);
        its.tell();
        if (its.focus && document.activeElement === document.body) { its.focus.focus({ preventScroll: true }); }
    }

    function remember(event) {
        Object.values(grids).forEach(function (its) { its.focus = its.box.contains(event.target) ? event.target : null; });
    }
    document.addEventListener("focusin", remember);
    document.addEventListener("pointerdown", remember);  // a press beside every control takes the focus away as well

    // Shows rows in an element that has an id: { label, columns: [{ name, kind, unit, title }], sort: [name, direction] or
    // [] where they keep the order in which they come, rows }.
    function show(slot, content) {
        slot.style.minHeight = Math.min(MOST, HEAD + FILTERS + ROW * content.rows.length) + 36 + "px";  // nothing moves when the rows come
        if (window.agGrid && slot.isConnected) { return layOut(slot, content); }  // before the focus goes elsewhere
        load().then(function () {
            if (slot.isConnected) { layOut(slot, content); }
        }, function () {
            slot.textContent = "The rows cannot be shown: a file of this site did not come. Load the page again.";
        });
    }

    new MutationObserver(function () {
        Object.keys(grids).forEach(function (id) {
            if (!document.getElementById(id)) { grids[id].api.destroy(); delete grids[id]; }
        });
        document.querySelectorAll(".grid-slot[data-grid]").forEach(function (slot) {
            if (slot.laidOut === slot.dataset.grid) { return; }
            slot.laidOut = slot.dataset.grid;
            show(slot, JSON.parse(slot.dataset.grid));
        });
    }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-grid"] });

    window.grid = show;
})();
