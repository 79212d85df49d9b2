// Saved views and dated notes: kept by the server under /api/v1, listed and changed here.
(function () {
    "use strict";

    var element = window.elements.element;

    function address(what) {
        var lake = window.site.read(window.location.search).values.lake;
        return window.site.base + "api/v1/" + what + "?lake=" + encodeURIComponent(lake);
    }

    // Tells what the server refused in its own words; else what was done.
    async function send(method, what, body, done) {
        var answer = await fetch(address(what), { method: method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}) });
        if (answer.ok) { window.site.say(done); return true; }
        var problem = await answer.json().catch(function () { return { title: "This could not be kept" }; });
        window.site.say(problem.title);
        return false;
    }

    async function list() {
        var answer = await fetch(address("views"));
        var found = answer.ok ? (await answer.json()).views : [];
        var place = document.getElementById("site-views-list");
        if (!found.length) {
            place.replaceChildren(element("p", { className: "muted", textContent: answer.ok ? "None yet." : "They cannot be read." }));
            return;
        }
        place.replaceChildren(element("ul", {}, found.map(function (view) {
            var link = element("a", { href: window.site.base.replace(/\/$/, "") + view.path + view.query, textContent: view.name });
            var remove = element("button", { type: "button", className: "remove", textContent: "\u00d7" });
            remove.setAttribute("aria-label", "Remove the view " + view.name);
            remove.dataset.removeview = view.name;
            return element("li", {}, [link, remove]);
        })));
    }

    async function saveView(field) {
        var here = window.site.read(window.location.search);
        var view = { name: field.value, path: window.site.inside(window.location.pathname), query: window.site.write(here) };
        if (await send("PUT", "views", view, "View saved")) {
            field.value = "";
            await list();
        }
    }

    var card = "";

    function openNote(button) {
        card = button.dataset.card;
        document.getElementById("site-note-words").value = "";
        document.getElementById("site-note").showModal();
    }

    async function addNote() {
        var note = { card: card, day: document.getElementById("site-note-day").value.trim(), words: document.getElementById("site-note-words").value };
        if (await send("POST", "notes", note, "Note added")) {
            document.getElementById("site-note").close();
            window.site.poll();  // tells the cards
        }
    }

    document.addEventListener("toggle", function (event) {
        if (event.target.id === "site-views" && event.target.open) { list(); }
    }, true);

    document.addEventListener("click", async function (event) {
        var button = event.target.closest ? event.target.closest("button") : null;
        if (!button) { return; }
        var data = button.dataset;
        if (data.saveview) {
            saveView(document.getElementById(data.saveview));
        } else if (data.removeview) {
            if (await send("DELETE", "views", { name: data.removeview }, "View removed")) {
                await list();
                document.getElementById("site-view-name").focus();
            }
        } else if (data.addnote) {
            addNote();
        } else if (data.note) {
            if (await send("DELETE", "notes/" + data.note, {}, "Note removed")) { window.site.poll(); }
        } else if (data.menu === "note") {
            openNote(button);
        }
    });

    document.addEventListener("keydown", function (event) {
        if (event.key !== "Enter") { return; }
        if (event.target.id === "site-view-name") { saveView(event.target); }
        if (event.target.id === "site-note-words") { addNote(); }
    });
})();
