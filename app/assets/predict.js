// Stepping through a visit, moving its events and the what-if slider: what should not wait for the server.
(function () {
    "use strict";

    var CURVE = "predict-visit-curve", wanted = null, asked = null;

    // Every button with data-step says where to go: to an event by its number, or to the one before or behind.

    function step(way) {
        var listed = document.querySelector(".predict-steps");
        var number = listed ? listed.children.length : 0;
        if (!number) { return; }
        var at = Number(listed.dataset.at);
        var next = way === "previous" ? at - 1 : way === "next" ? at + 1 : Number(way);
        next = Math.min(number, Math.max(1, next));
        if (next === at) { return; }
        listed.dataset.at = next;  // so that keys may be pressed faster than answers come
        window.dash_clientside.set_props("predict-at", { data: next });
    }

    document.addEventListener("click", function (event) {
        var button = event.target.closest ? event.target.closest("button") : null;
        if (!button) { return; }
        if (button.dataset.step) { step(button.dataset.step); }
        if (button.id.includes('"type":"predict-move"')) {
            var id = JSON.parse(button.id);
            wanted = { place: id.place + id.by, by: id.by, before: told(), since: Date.now() };
        }
    });

    document.addEventListener("keydown", function (event) {
        var inside = event.target.closest && event.target.closest(".predict-steps, .predict-stepper");
        var ways = { ArrowLeft: "previous", ArrowUp: "previous", ArrowRight: "next", ArrowDown: "next" };
        if (!inside || !ways[event.key]) { return; }
        event.preventDefault();
        step(ways[event.key]);
    });

    // The focus follows the event that was moved, once the list tells it; at an end it goes to the other arrow.

    var MILLISECONDS_TO_MOVE = 5000;

    function told() {
        var listed = document.querySelector(".predict-steps");
        return listed ? listed.textContent : "";
    }

    new MutationObserver(function () {
        if (wanted && Date.now() - wanted.since > MILLISECONDS_TO_MOVE) { wanted = null; }
        if (!wanted || told() === wanted.before) { return; }
        var row = document.querySelector(".predict-steps").children[wanted.place];
        var buttons = row ? row.querySelectorAll("button.remove") : [];
        if (!buttons.length) { return; }
        var button = buttons[wanted.by < 0 ? 0 : 1];
        (button.disabled ? buttons[wanted.by < 0 ? 1 : 0] : button).focus();
        wanted = null;
    }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });

    // What waits for the lake's items is asked for again after a while.

    window.setInterval(function () {
        var waiting = document.querySelector("#predict-visit-invalid[data-retry]");
        if (!waiting) { asked = null; return; }
        asked = asked || Date.now();
        if (Date.now() - asked > 1000 * Number(waiting.dataset.retry)) {
            asked = null;
            var listed = document.querySelector(".predict-steps");
            window.dash_clientside.set_props("predict-at", { data: listed ? Number(listed.dataset.at) : null });
        }
    }, 500);

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        predict: {
            // The curve came with an answer for every place of the slider.
            moveAlong: function (place, curve) {
                if (!curve) { return ""; }
                var isOwn = place === curve.own, here = curve.here;
                var told = isOwn ? here : [curve.values[place], curve.chances[place], curve.titles[place]];
                var chart = document.querySelector("#" + CURVE + " .js-plotly-plot");
                if (chart && chart.data && chart.data.length > 1 && chart.data[0].y[0] === curve.chances[0]) {
                    window.Plotly.restyle(chart, { x: [[told[0]]], y: [[told[1]]] }, [1]);
                }
                return told[2];
            },
        },
    });
})();
