// The datasets that a reader brings: files are sent piece by piece, mapped, built by a job, opened and removed.
(function () {
    "use strict";

    var element = window.elements.element, button = window.elements.button;
    var WORKING = ["queued", "waiting", "running"], SECOND = 1000;
    var sending = [];  // {name, done, total, problem}
    var timer = null;
    var kinds = {};  // of files -> the columns that they need

    function api(what) { return window.site.base + "api/v1/datasets" + what; }

    function size(bytes) {
        var units = ["bytes", "KB", "MB", "GB"], place = 0;
        while (bytes >= 1000 && place < 3) { bytes /= 1000; place += 1; }
        return (place ? bytes.toPrecision(3) : bytes) + " " + units[place];
    }

    async function send(method, what, body) {
        var headers = { "Content-Type": "application/json" };
        var answer = await fetch(api(what), { method: method, headers: headers, body: JSON.stringify(body || {}) });
        if (!answer.ok) {
            var problem = await answer.json().catch(function () { return { title: "The site did not answer" }; });
            window.site.say(problem.title + (problem.remedy ? " " + problem.remedy + "." : ""));
        }
        await list();
        return answer.ok;
    }

    // Files go one after the other, so that they come into one dataset.

    function upload(file, dataset) {
        var told = { name: file.name, done: 0, total: file.size, problem: "" };
        sending.push(told);
        return new Promise(function (resolve) {
            var request = new XMLHttpRequest();
            var where = "/files?name=" + encodeURIComponent(file.name) + (dataset ? "&dataset=" + dataset : "");
            request.open("POST", api(where));
            request.setRequestHeader("Content-Type", "application/octet-stream");
            request.upload.onprogress = function (event) { told.done = event.loaded; showSending(); };
            request.onloadend = function () {
                var answer = {};
                try { answer = JSON.parse(request.responseText); } catch (error) { answer = {}; }
                if (request.status === 201) {
                    sending.splice(sending.indexOf(told), 1);
                    resolve(answer.id);
                } else {
                    told.problem = (answer.title || "The connection broke.") + (answer.remedy ? " " + answer.remedy + "." : "");
                    resolve(dataset);
                }
                showSending();
            };
            request.send(file);
            showSending();
        });
    }

    async function uploadAll(files, dataset) {
        sending = sending.filter(function (each) { return !each.problem; });
        for (var place = 0; place < files.length; place += 1) {
            dataset = await upload(files[place], dataset);
        }
        await list();
    }

    function showSending() {
        var place = document.getElementById("data-sending");
        if (!place) { return; }
        place.replaceChildren.apply(place, sending.map(function (each) {
            if (each.problem) { return element("p", { className: "bad", role: "alert", textContent: each.problem }); }
            var bar = element("progress", { max: each.total || 1, value: each.done });
            bar.setAttribute("aria-label", "Sending " + each.name);
            return element("div", {}, [element("p", { textContent: "Sending " + each.name + ": " + size(each.done) + " of " + size(each.total) }), bar]);
        }));
    }

    // One dataset

    function preview(file) {
        var head = element("tr", {}, file.columns.map(function (each) { return element("th", { textContent: each, scope: "col" }); }));
        var rows = file.rows.map(function (row) { return element("tr", {}, row.map(function (cell) { return element("td", { textContent: cell }); })); });
        var table = element("table", { className: "table" }, [element("thead", {}, [head]), element("tbody", {}, rows)]);
        var scroll = element("div", { className: "preview", tabIndex: 0, role: "region" }, [table]);
        scroll.setAttribute("aria-label", "First rows of " + file.name);
        return element("details", {}, [element("summary", { textContent: "First rows" }), scroll]);
    }

    function choice(identity, label, values, chosen, none) {
        var options = (none ? [element("option", { value: "", textContent: none })] : []).concat(values.map(function (each) {
            return element("option", { value: each, textContent: each.replaceAll("_", " "), selected: each === chosen });
        }));
        return [element("label", { htmlFor: identity, textContent: label }), element("select", { id: identity }, options)];
    }

    // Which kind of file it is, and which of its columns stand for ours.
    function mapping(set, file) {
        var identity = set.id + "-" + file.number, grid = element("div", { className: "mapping" });
        var kind = choice(identity, "This file holds", Object.keys(kinds), file.nearest);
        function columns() {
            return kinds[kind[1].value].map(function (ours) {
                return choice(identity + "-" + ours, ours, file.columns, file.mapping[ours] || ours, "choose a column");
            });
        }
        var chosen = columns();
        function draw() { grid.replaceChildren.apply(grid, kind.concat.apply(kind, chosen)); }
        kind[1].addEventListener("change", function () { chosen = columns(); draw(); });
        draw();
        var use = button("Use these columns", function () {
            var said = {};
            kinds[kind[1].value].forEach(function (ours, place) { said[ours] = chosen[place][1].value; });
            send("PUT", "/" + set.id + "/files/" + file.number, { kind: kind[1].value, columns: said });
        });
        var words = file.kind ? "Other columns" : "Which columns of this file stand for ours?";
        return element("details", { open: !file.kind }, [element("summary", { textContent: words }), grid, use]);
    }

    function fileItem(set, file) {
        var mapped = Object.keys(file.mapping).map(function (ours) { return file.mapping[ours] + " as " + ours; }).join(", ");
        var what = file.kind ? file.kind.replaceAll("_", " ") + (mapped ? ": " + mapped : "") : "columns not known yet";
        var remove = button("\u00d7", function () { send("DELETE", "/" + set.id + "/files/" + file.number); }, { className: "remove" });
        remove.setAttribute("aria-label", "Remove " + file.name);
        var line = element("div", { className: "file-line" }, [
            element("strong", { textContent: file.name }), element("span", { className: "muted", textContent: size(file.size) }),
            element("span", { className: file.kind ? "muted" : "bad", textContent: what }), remove,
        ]);
        return element("li", { className: "file" }, [line, preview(file), mapping(set, file)]);
    }

    function facts(set) {
        var result = set.result, said = [(result.rows || 0).toLocaleString("en") + " events"];
        if (result.rejected) { said.push(result.rejected.toLocaleString("en") + " rows rejected"); }
        if (WORKING.includes(set.progress.state)) { return element("p", { className: "muted", textContent: said[0] }); }
        var model = set.model, whose = model && (model.is_borrowed ? ", which was trained on other data" : ", trained on it");
        said.push(model ? "scored by model " + model.version + whose : "no model to score it by");
        return element("p", { className: "muted", textContent: said.join(" \u00b7 ") });
    }

    // Its first page is there before all others, and before its visits are scored.
    function rest(set) {
        if (!WORKING.includes(set.progress.state)) { return null; }
        return element("p", { className: "muted", role: "status", textContent: "The first page is there; the others follow. " + (set.progress.sentence || "") });
    }

    // A model of its own: a job of minutes, which may end in a gate's refusal.
    function training(set) {
        var told = set.training;
        if (!told || told.state === "done" || told.state === "cancelled") { return null; }
        var words = told.state === "failed" ? told.error + " " + told.remedy : told.sentence || "Waiting to be trained.";
        return element("p", { className: told.state === "failed" ? "bad" : "muted", textContent: words });
    }

    function train(set) {
        if (WORKING.includes(set.progress.state)) { return null; }
        if (set.training && WORKING.includes(set.training.state)) { return job("Cancel the training", set.training.id); }
        return button("Train a model on it", function () { send("POST", "/" + set.id + "/train"); });
    }

    function job(words, identity) {
        return button(words, async function () {
            var where = window.site.base + "api/v1/jobs/" + identity + "/cancel";
            var answer = await fetch(where, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
            if (answer.ok) { window.site.say("Cancelled"); }
            await list();
        });
    }

    function rejected(set) {
        if (!set.result.rejected && set.state !== "failed") { return null; }
        return element("a", { className: "button", textContent: "Rejected rows as CSV", href: api("/" + set.id + "/rejected.csv"), download: "rejected.csv" });
    }

    function addFiles(set) {
        var input = element("input", { type: "file", accept: ".csv,text/csv", multiple: true, hidden: true });
        input.addEventListener("change", function () { uploadAll(Array.from(input.files), set.id); });
        return element("span", {}, [button("Add files", function () { input.click(); }), input]);
    }

    function remove(set) {
        return button("Remove", async function () {
            if (window.confirm("Remove " + set.name + " with its lake?")) { await send("DELETE", "/" + set.id); }
        });
    }

    function missing(set) {
        var unknown = set.files.filter(function (file) { return !file.kind; }).map(function (file) { return file.name; });
        if (unknown.length) { return "Say first what " + unknown.join(" and ") + " holds, or remove it."; }
        return set.files.some(function (file) { return file.kind === "events"; }) ? "" : "A file of events is needed.";
    }

    function build(set) {
        return button(set.state === "failed" ? "Build again" : "Build", function () { send("POST", "/" + set.id + "/build"); },
            { className: "button primary", disabled: missing(set) !== "" });
    }

    function body(set) {
        if (WORKING.includes(set.state)) {
            var told = set.progress, bar = element("progress", told.total ? { max: told.total, value: told.done } : {});
            bar.setAttribute("aria-label", "Building " + set.name);
            var cancel = job("Cancel", set.job);
            var words = set.state === "queued" ? "Waiting for a worker." : told.sentence || "Starting.";
            return [bar, element("p", { className: "muted", textContent: words }), element("div", { className: "actions" }, [cancel])];
        }
        if (set.state === "ready") {
            var open = element("a", { className: "button primary", textContent: "Open", href: window.site.base + "?lake=" + set.id });
            return [facts(set), rest(set), training(set), element("div", { className: "actions" }, [open, train(set), rejected(set), remove(set)])];
        }
        var failed = set.state === "failed" ? element("p", { className: "bad", role: "alert", textContent: set.progress.error + (set.progress.remedy ? " " + set.progress.remedy : "") }) : null;
        var needed = element("p", { className: "muted", textContent: missing(set) });
        return [failed, element("ul", { className: "files" }, set.files.map(function (file) { return fileItem(set, file); })),
            needed, element("div", { className: "actions" }, [build(set), addFiles(set), rejected(set), remove(set)])];
    }

    function item(set) {
        var words = { "new": "not built yet" }[set.state] || set.state;
        var head = element("div", { className: "set-head" }, [element("h3", { textContent: set.name }), element("span", { className: "pill " + set.state, textContent: words })]);
        return element("li", { className: "set", id: set.id }, [head].concat(body(set)));
    }

    // The list is drawn anew only when it is another one, so that focus and open parts stay.

    var drawn = "";

    async function list() {
        var place = document.getElementById("data-sets");
        if (!place) { return; }
        clearTimeout(timer);
        var answer = await fetch(api("")).catch(function () { return { ok: false }; });
        var told = answer.ok ? await answer.json() : {}, found = told.datasets || null;
        kinds = told.kinds || kinds;
        var now = JSON.stringify(found);
        if (now !== drawn || !place.querySelector("#data-sending")) {
            drawn = now;
            var none = element("p", { className: "muted", textContent: found ? "None yet." : "The site does not answer." });
            var sets = found && found.length ? element("ul", { className: "sets" }, found.map(item)) : none;
            place.replaceChildren(element("h2", { textContent: "Your datasets" }), element("div", { id: "data-sending" }), sets);
            showSending();
        }
        if (found && found.some(function (set) { return [set.state, set.progress.state, (set.training || set).state].some(function (state) { return WORKING.includes(state); }); })) { timer = setTimeout(list, SECOND); }
    }

    function begin(place) {
        var input = element("input", { type: "file", id: "data-files", accept: ".csv,text/csv", multiple: true, className: "file-input" });
        place.replaceChildren(input);
        input.addEventListener("change", function () { uploadAll(Array.from(input.files), ""); input.value = ""; });
        var zone = document.getElementById("data-drop-zone");
        ["dragenter", "dragover"].forEach(function (name) {
            zone.addEventListener(name, function (event) { event.preventDefault(); zone.classList.add("over"); });
        });
        ["dragleave", "drop"].forEach(function (name) {
            zone.addEventListener(name, function (event) { event.preventDefault(); zone.classList.remove("over"); });
        });
        zone.addEventListener("drop", function (event) { uploadAll(Array.from(event.dataTransfer.files), ""); });
        drawn = "";
        list();
    }

    new MutationObserver(function () {
        var place = document.getElementById("data-input");
        if (place && !place.firstChild) { begin(place); }
    }).observe(document.body, { childList: true, subtree: true });
})();
