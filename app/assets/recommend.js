// The basket of the Recommend page lives in the address as every choice does; its buttons write the field that keeps it.
(function () {
    "use strict";

    var asked = null;

    function read(name) {
        return new URLSearchParams(window.location.search).get(name) || "";
    }

    function write(name, value) {
        window.dash_clientside.set_props({ type: "param", name: name, kind: "value" }, { value: value });
    }

    function basket() {
        return read("items").match(/[0-9]+/g) || [];
    }

    function view(item) {
        if (read("by") === "" || read("by") === "items") {
            write("items", basket().concat([item]).join(","));
        } else {
            write("item", item);
            if (read("by") === "visitor") { write("by", "item"); }
        }
    }

    function addTyped() {
        var field = document.getElementById("recommend-add");
        var found = field.value.match(/[0-9]+/g);
        if (found) {
            write("items", basket().concat(found).join(","));
            window.dash_clientside.set_props("recommend-add", { value: "" });
        }
        field.focus();
    }

    document.addEventListener("click", function (event) {
        var button = event.target.closest ? event.target.closest("button[data-basket]") : null;
        if (!button) { return; }
        var act = button.dataset.basket, items = basket(), place = Number(button.dataset.place);
        if (act === "add-typed") {
            addTyped();
        } else if (act === "view" || act === "take-items") {
            view(button.dataset.item);
        } else if (act === "take-item" || act === "take-visitor") {
            write(act.slice(5), button.dataset.item);
        } else if (act === "remove") {
            items.splice(place, 1);
            write("items", items.join(","));
        } else if (act === "earlier" && place > 0) {
            items.splice(place - 1, 0, items.splice(place, 1)[0]);
            write("items", items.join(","));
        }
    });

    document.addEventListener("keydown", function (event) {
        if (event.key === "Enter" && event.target.id === "recommend-add") { addTyped(); }
    });

    // What is being loaded is asked for again after a while.
    window.setInterval(function () {
        var waiting = document.querySelector("#recommend-list [data-retry]");
        if (!waiting) { asked = null; return; }
        asked = asked || Date.now();
        if (Date.now() - asked > 1000 * Number(waiting.dataset.retry)) {
            asked = null;
            ["recommend-list-retry", "recommend-ask-retry"].forEach(function (each) {
                var retry = document.getElementById(each);
                if (retry) { retry.click(); }
            });
        }
    }, 500);
})();
