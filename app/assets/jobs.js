// The jobs of this browser: kept by the server under /api/v1/jobs, listed here. Asked for when the page is loaded and
// the drawer opened, then again only while a job goes on.
(function () {
    "use strict";

    var element = window.elements.element;
    var SECONDS_BETWEEN_LOOKS = 1;
    var ACTIVE = ["queued", "running", "waiting"], AGAIN = ["failed", "cancelled"];
    var WORDS = { queued: "Queued", running: "At work", waiting: "Waiting", done: "Done", failed: "Failed", cancelled: "Cancelled" };
    var jobs = [], timer = null, states = {};

    function address(what) { return window.site.base + "api/v1/jobs" + (what || ""); }

    function act(job, what, words) {
        var button = element("button", { type: "button", className: "button", textContent: words });
        button.dataset.job = job.id;
        button.dataset.act = what;
        button.setAttribute("aria-label", words + ": " + job.title);
        return button;
    }

    function size(bytes) {
        return bytes < 1e3 ? bytes + " B" : bytes < 1e6 ? Math.round(bytes / 1e3) + " kB" : (bytes / 1e6).toFixed(1) + " MB";
    }

    function bar(job) {
        var made = element("progress", { max: 1 });
        if (job.total) { made.value = Math.min(1, job.done / job.total); }
        made.setAttribute("aria-label", "Progress of " + job.title);
        return made;
    }

    function files(job) {
        return Object.keys(job.result.files || {}).map(function (name) {
            var link = element("a", { href: address("/" + job.id + "/files/" + name), textContent: name + ", " + size(job.result.files[name]) });
            link.setAttribute("download", name);
            return link;
        });
    }

    function sentence(job) {
        if (job.state === "failed") { return job.error + (job.remedy ? " " + job.remedy.charAt(0).toUpperCase() + job.remedy.slice(1) + "." : ""); }
        if (job.state === "done" && job.result.rows) { return job.result.rows.toLocaleString("en") + " rows" + (job.result.rejected ? ", " + job.result.rejected.toLocaleString("en") + " lines rejected" : ""); }
        return job.sentence || { queued: "It begins when there is room.", running: "It begins." }[job.state] || "";
    }

    function described(job) {
        var isActive = ACTIVE.includes(job.state);
        var acts = isActive ? [act(job, "cancel", "Cancel")] : [AGAIN.includes(job.state) ? act(job, "retry", "Try again") : null, act(job, "remove", "Remove")];
        var shown = null;
        if (job.kind.startsWith("score-") && job.kind !== "score-lake" && job.state === "done") {
            shown = element("a", { href: window.site.base + "batch?job=" + job.id + (job.lake ? "&lake=" + encodeURIComponent(job.lake) : ""), textContent: "Show the result" });
        }
        var made = element("div", { className: "job " + job.state }, [
            element("div", { className: "job-head" }, [
                element("strong", { textContent: job.title }),
                element("span", { className: "job-state", textContent: WORDS[job.state] }),
            ]),
            isActive ? bar(job) : null,
            element("p", { className: job.state === "failed" ? "bad" : "muted", textContent: sentence(job) }),
            element("div", { className: "job-files" }, [shown].concat(files(job))),
            element("div", { className: "control-row" }, acts),
        ]);
        made.setAttribute("role", "listitem");
        return made;
    }

    // What has the focus keeps it: a button is found again by what it does.
    function replace(place, parts) {
        var focused = place.contains(document.activeElement) ? document.activeElement.dataset : null;
        var text = parts.map(function (part) { return part.outerHTML; }).join("");
        if (place.shown === text && place.childElementCount) { return; }
        place.shown = text;
        place.replaceChildren.apply(place, parts);
        if (focused && focused.act) {
            var again = place.querySelector("[data-job='" + focused.job + "'][data-act='" + focused.act + "']") || place.querySelector("[data-job='" + focused.job + "']");
            if (again) { again.focus(); }
        }
    }

    function show() {
        var active = jobs.filter(function (job) { return ACTIVE.includes(job.state); }).length;
        var number = document.getElementById("site-jobs-number"), opener = document.getElementById("site-jobs-open");
        if (!number) { return; }
        number.textContent = active || "";
        opener.setAttribute("aria-label", active ? "Jobs, " + active + " at work" : "Jobs");
        var place = document.getElementById("site-jobs-list");
        if (document.getElementById("site-jobs").open) {
            replace(place, jobs.length ? jobs.map(described) : [element("p", { className: "muted", textContent: "None yet. The pages Query and Batch scoring start some." })]);
        }
        var here = document.getElementById("batch-job"), chosen = here && here.dataset.chosen;
        if (here) {
            var job = jobs.find(function (each) { return each.id === chosen; });
            replace(here, job && job.state !== "done" ? [described(job)] : []);
            here.removeAttribute("role");
        }
        jobs.forEach(function (each) {
            if (states[each.id] !== undefined && states[each.id] !== each.state) {
                if (!ACTIVE.includes(each.state)) { window.site.say(each.title + ": " + WORDS[each.state].toLowerCase()); }
                if (document.getElementById("batch-result")) { window.dash_clientside.set_props("batch-told", { data: each.id + ":" + each.state }); }
            }
            states[each.id] = each.state;
        });
    }

    async function look() {
        window.clearTimeout(timer);
        timer = null;
        var found = await fetch(address()).then(function (answer) { return answer.ok ? answer.json() : null; }).catch(function () { return null; });
        if (found) { jobs = found.jobs; show(); }
        if (jobs.some(function (job) { return ACTIVE.includes(job.state); })) {
            window.clearTimeout(timer);
            timer = window.setTimeout(look, SECONDS_BETWEEN_LOOKS * 1000);
        }
    }

    async function problem(answer) {
        var body = await answer.json().catch(function () { return {}; });
        return (body.title || "This could not be done.") + (body.remedy ? " → " + body.remedy : "");
    }

    async function send(method, what, body) {
        var answer = await fetch(address(what), { method: method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}) });
        if (!answer.ok) { window.site.say(await problem(answer)); return null; }
        return answer.status === 204 ? {} : answer.json();
    }

    function choose(id) {
        window.dash_clientside.set_props({ type: "param", name: "job", kind: "value" }, { value: id });
        var here = document.getElementById("batch-job");
        if (here) { here.dataset.chosen = id; }
    }

    async function submit(kind, given) {
        var lake = window.site.read(window.location.search).values.lake;
        var job = await ask({ kind: kind, arguments: given }, lake);
        if (job) { choose(job.id); await look(); }
    }

    async function ask(asked, lake) {
        var job = await send("POST", "?lake=" + encodeURIComponent(lake || ""), asked);
        if (job) { states[job.id] = job.state; }
        return job;
    }

    function open() {
        document.getElementById("site-jobs").showModal();
        show();
        look();
    }

    window.jobs = { submit: ask, open: open };

    // A file goes in one request, whose progress only this old way of asking tells.
    var sending = null;

    function upload() {
        var field = document.getElementById("batch-file"), told = document.getElementById("batch-sent"), file = field.files[0];
        if (!file) { told.textContent = "Choose a file first."; return; }
        if (file.size > Number(field.dataset.most)) { told.textContent = "The file is larger than this site takes. Score it by lakehouse ml score --input FILE."; return; }
        var lake = window.site.read(window.location.search).values.lake;
        sending = new XMLHttpRequest();
        sending.open("POST", address("/files?kind=score-file&name=" + encodeURIComponent(file.name) + "&lake=" + encodeURIComponent(lake)));
        sending.setRequestHeader("Content-Type", "application/octet-stream");
        sending.upload.onprogress = function (event) { told.textContent = "Sent " + size(event.loaded) + " of " + size(event.total); };
        sending.onload = async function () {
            var body = {};
            try { body = JSON.parse(sending.responseText); } catch (error) { body = { title: sending.responseText }; }
            if (sending.status === 201) {
                told.textContent = "";
                states[body.id] = body.state;
                choose(body.id);
                await look();
            } else {
                told.textContent = (body.title || "The file did not arrive.") + (body.remedy ? " → " + body.remedy : "");
            }
            ended();
        };
        sending.onerror = function () { told.textContent = "The file did not arrive: the connection broke off."; ended(); };
        sending.onabort = function () { told.textContent = "Not sent."; ended(); };
        document.getElementById("batch-stop").hidden = false;
        sending.send(file);
    }

    function ended() {
        sending = null;
        var stop = document.getElementById("batch-stop");
        if (stop) { stop.hidden = true; }
    }

    document.addEventListener("click", async function (event) {
        var button = event.target.closest ? event.target.closest("button") : null;
        if (!button) { return; }
        var data = button.dataset;
        if (button.id === "site-jobs-open") {
            open();
        } else if (data.act && data.job) {
            if (data.act === "remove" ? await send("DELETE", "/" + data.job) : await send("POST", "/" + data.job + "/" + data.act)) { await look(); }
        } else if (data.submit) {
            button.disabled = true;
            await submit(data.submit, JSON.parse(data.given || "{}"));
            button.disabled = false;
        } else if (button.id === "batch-upload") {
            upload();
        } else if (button.id === "batch-stop" && sending) {
            sending.abort();
        }
    });

    // Dash has no field for a file.
    function offerFile(place) {
        var field = element("input", { type: "file", id: "batch-file", accept: ".csv,text/csv" });
        field.dataset.most = place.dataset.most;
        field.setAttribute("aria-label", "CSV file to score");
        place.replaceChildren(field);
    }

    // The page of results, or the header, may come later than the list.
    new MutationObserver(function () {
        var here = document.getElementById("batch-job");
        if (here && here.seen !== here.dataset.chosen) { here.seen = here.dataset.chosen; show(); }
        var picker = document.getElementById("batch-picker");
        if (picker && !picker.childElementCount) { offerFile(picker); }
        var opener = document.getElementById("site-jobs-open");
        if (opener && !opener.seen) { opener.seen = true; look(); }
    }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-chosen"] });
})();
