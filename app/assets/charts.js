// Light and dark: when the scheme switches, each colour of a chart gives way to its twin. No server, no redrawing of data.
(function () {
    "use strict";

    var palettes = JSON.parse(document.getElementById("site-facts").textContent).palettes;

    function twins(to) {
        var from = to === "dark" ? "light" : "dark", map = {};
        Object.keys(palettes[from]).forEach(function (name) { map[palettes[from][name]] = palettes[to][name]; });
        return map;
    }

    function painted(part, map) {
        if (typeof part === "string") {
            return map[part] || part;
        }
        if (Array.isArray(part)) {
            return part.map(function (each) { return painted(each, map); });
        }
        if (part && typeof part === "object" && !ArrayBuffer.isView(part) && !(part instanceof Date)) {
            var copy = {};
            Object.keys(part).forEach(function (name) { copy[name] = painted(part[name], map); });
            return copy;
        }
        return part;
    }

    function scheme() {
        return document.documentElement.getAttribute("data-mantine-color-scheme") === "dark" ? "dark" : "light";
    }

    var known = scheme();

    function remember() {
        document.cookie = "scheme=" + scheme() + "; path=/; max-age=31536000; SameSite=Strict";
    }

    new MutationObserver(function () {
        if (scheme() === known) { return; }
        known = scheme();
        remember();
        var map = twins(known);
        document.querySelectorAll(".js-plotly-plot").forEach(function (chart) {
            window.Plotly.react(chart, painted(chart.data, map), painted(chart.layout, map), chart._context);
        });
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });

    remember();
})();
