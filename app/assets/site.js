// The address is the only memory of what a reader chose: range, comparison, unit. Everything here runs in the browser.
(function () {
    "use strict";

    var RANGES = ["7d", "28d", "90d", "all"];

    function read() {
        var given = new URLSearchParams(window.location.search);
        return {
            range: RANGES.includes(given.get("range")) ? given.get("range") : "28d",
            compare: given.get("compare") !== "0",
            unit: given.get("unit") === "visitor" ? "visitor" : "session",
        };
    }

    function write(view) {
        var query = "?range=" + view.range + "&compare=" + (view.compare ? 1 : 0) + "&unit=" + view.unit;
        if (window.location.search !== query) {
            window.history.replaceState(window.history.state, "", window.location.pathname + query + window.location.hash);
        }
        return query;
    }

    function triggeredBy(id) {
        return window.dash_clientside.callback_context.triggered.some(function (each) {
            return each.prop_id.startsWith(id + ".");
        });
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        site: {
            // A switch writes the address; an address that was opened sets the switches.
            keepAddress: function (search, range, compare, known) {
                var same = window.dash_clientside.no_update;
                var view = read();
                if (triggeredBy("site-range") || triggeredBy("site-compare")) {
                    if (known) {
                        view.range = range;
                        view.compare = compare;
                    }
                }
                var query = write(view);
                return [
                    query === known ? same : query,
                    range === view.range ? same : view.range,
                    compare === view.compare ? same : view.compare,
                ];
            },

            chooseUnit: function (unit) {
                var view = read();
                if (!unit || view.unit === unit) {
                    return window.dash_clientside.no_update;
                }
                view.unit = unit;
                return write(view);
            },

            // Links carry the choices along; the title and the filters follow the page.
            followAddress: function (query, path, pages, links) {
                var here = "/" + (path || "").replace(/^\/+|\/+$/g, "");
                var page = pages[here];
                document.title = (page ? page.name + " · " : "") + "Clickstream Lakehouse";
                return [
                    links.map(function (link) { return link.page + (query || ""); }),
                    links.map(function (link) { return link.page === here; }),
                    page && page.period ? "filters" : "filters absent",
                ];
            },

            toggleDrawer: function (opened, path, navbar) {
                var isOpen = triggeredBy("site-burger") && Boolean(opened);
                return [Object.assign({}, navbar, { collapsed: { mobile: !isOpen } }), isOpen];
            },
        },
    });
})();
