// The address is the only memory of what a reader chose. Everything here runs in the browser and asks no server,
// but for the poll, the SQL behind a card, and downloads.
(function () {
    "use strict";

    var facts = JSON.parse(document.getElementById("site-facts").textContent);

    // Parameters: declared in Python, read alike. What nobody knows stays in the address.

    function admits(param, value) {
        return value === param.default || param.values.includes(value) ||
            (param.pattern !== "" && new RegExp("^(?:" + param.pattern + ")$").test(value));
    }

    function read(search) {
        var given = new URLSearchParams(search), values = {}, unknown = [];
        Object.keys(facts.params).forEach(function (name) { values[name] = facts.params[name].default; });
        given.forEach(function (value, name) {
            if (!(name in facts.params)) {
                unknown.push([name, value]);
            } else if (admits(facts.params[name], value)) {
                values[name] = value;
            }
        });
        return { values: values, unknown: unknown };
    }

    function write(choice) {
        var said = new URLSearchParams();
        Object.keys(choice.values).forEach(function (name) {
            if (choice.values[name] !== facts.params[name].default) {
                said.append(name, choice.values[name]);
            }
        });
        choice.unknown.forEach(function (pair) { said.append(pair[0], pair[1]); });
        var text = said.toString();
        return text ? "?" + text : "";
    }

    // A control of kind "days" holds two days, which stand for from..to.
    function shown(id, value) {
        if (id.kind !== "days") {
            return value;
        }
        return value.includes("..") ? value.split("..") : [null, null];
    }

    function chosen(id, value) {
        if (id.kind !== "days") {
            return value === null || value === undefined ? null : String(value);
        }
        return value && value[0] && value[1] ? value[0].slice(0, 10) + ".." + value[1].slice(0, 10) : null;
    }

    function same(one, other) {
        return JSON.stringify(one) === JSON.stringify(other);
    }

    function inside(path) {
        var base = facts.base.replace(/\/$/, "");
        var rest = (path || "").startsWith(base) ? (path || "").slice(base.length) : path || "";
        return "/" + rest.replace(/^\/+|\/+$/g, "");
    }

    function triggered() {
        return window.dash_clientside.callback_context.triggered;
    }

    function triggeredBy(id) {
        return triggered().some(function (each) { return each.prop_id.startsWith(id + "."); });
    }

    // Asks now and then which run is shown; only another one, or a trouble, is told to the cards.
    var SECONDS_BETWEEN_POLLS = 10, polled = null;

    async function poll() {
        var lake = read(window.location.search).values.lake;
        try {
            var answer = await fetch(facts.base + "api/v1/publication?lake=" + encodeURIComponent(lake));
            if (answer.status === 401) { window.location.reload(); }
            if (!answer.ok) { return; }
            var body = await answer.json();
            if (body.shown !== polled) {
                polled = body.shown;
                window.dash_clientside.set_props("site-run", { data: body.shown });
            }
        } catch (error) {
            return;  // the site is away; the next poll tells whether it is back
        }
    }
    window.setInterval(poll, SECONDS_BETWEEN_POLLS * 1000);

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        site: {
            // A control writes the address; an address that was opened sets the controls.
            keepAddress: function (search, pathname, values, ids, known, knownPath, run) {
                var none = window.dash_clientside.no_update;
                polled = polled === null ? run : polled;
                var choice = read(window.location.search), path = inside(window.location.pathname);
                if (known !== undefined && known !== null && !triggeredBy("site-url")) {
                    triggered().forEach(function (each) {
                        var place = ids.findIndex(function (id) { return each.prop_id === JSON.stringify(id, Object.keys(id).sort()) + ".value"; });
                        if (place < 0) { return; }
                        var value = chosen(ids[place], values[place]);
                        var param = facts.params[ids[place].name];
                        if (value !== null && param && admits(param, value)) {
                            choice.values[ids[place].name] = value;
                        }
                    });
                }
                var query = write(choice);
                if (window.location.search !== query) {
                    window.history.replaceState(window.history.state, "", window.location.pathname + query + window.location.hash);
                }
                if (polled && !polled.startsWith(choice.values.lake + ":")) {
                    window.setTimeout(poll, 0);  // another dataset: its run is told at once
                }
                return [
                    query === known ? none : query,
                    path === knownPath ? none : path,
                    ids.map(function (id, place) {
                        var value = shown(id, choice.values[id.name]);
                        return same(value, values[place]) ? none : value;
                    }),
                ];
            },

            // Links carry the site's choices along; the title and the filters follow the page.
            followAddress: function (query, path, pages, links) {
                var page = pages[path], choice = read(query || "");
                document.title = (page ? page.name + " · " : "") + "Clickstream Lakehouse";
                markCurrent(choice.values.table);
                var filters = page ? page.filters : [];
                return [
                    links.map(function (link) { return facts.base.replace(/\/$/, "") + link.page + (query || ""); }),
                    links.map(function (link) { return link.page === path; }),
                    ["filters"].concat(filters.length ? [] : ["absent"], filters.map(function (name) { return "with-" + name; }),
                        document.getElementById("site-filters").classList.contains("open") ? ["open"] : []).join(" "),
                ];
            },

            toggleDrawer: function (opened, path, navbar) {
                var isOpen = triggeredBy("site-burger") && Boolean(opened);
                return [Object.assign({}, navbar, { collapsed: { mobile: !isOpen } }), isOpen];
            },
        },
    });

    function markCurrent(table) {
        window.setTimeout(function () {
            document.querySelectorAll("a.node").forEach(function (node) {
                var its = read(new URL(node.href).search).values.table;
                its === table ? node.setAttribute("aria-current", "true") : node.removeAttribute("aria-current");
            });
        }, 0);
    }

    // Focus that lay in what a card replaced goes to the card, never to the top of the page.

    var last = null;
    document.addEventListener("focusin", function (event) {
        last = event.target.closest ? event.target.closest(".card-content") : null;
    });
    // Tables of plain text: one component each for Dash, laid out here.

    function element(name, text, scope) {
        var made = document.createElement(name);
        made.textContent = text;
        if (scope) { made.scope = scope; }
        return made;
    }

    function layOutTable(slot) {
        var content = JSON.parse(slot.dataset.table), made = document.createElement("table");
        made.className = "table";
        var head = made.createTHead().insertRow();
        content[0].forEach(function (name) { head.appendChild(element("th", name, "col")); });
        var body = made.createTBody();
        content[1].forEach(function (cells) {
            var line = body.insertRow();
            cells.forEach(function (cell, place) { line.appendChild(place ? element("td", cell) : element("th", cell, "row")); });
        });
        slot.replaceChildren(made);
        slot.laidOut = slot.dataset.table;
    }

    new MutationObserver(function () {
        document.querySelectorAll(".table-slot").forEach(function (slot) {
            if (slot.laidOut !== slot.dataset.table) { layOutTable(slot); }
        });
        if (last && last.isConnected && document.activeElement === document.body) {
            last.setAttribute("tabindex", "-1");
            last.focus({ preventScroll: true });
        }
        if (document.querySelector("a.node:not([aria-current])") && !document.querySelector("a.node[aria-current]")) {
            markCurrent(read(window.location.search).values.table);
        }
    }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-table"] });

    // Menus of cards, copying, dialogs, and the filters of a telephone.

    var POPOVERS = "details.menu[open], details.badge-details[open], details.views-details[open]";

    function say(words) {
        var place = document.getElementById("site-said");
        place.textContent = words;
        place.classList.add("shown");
        window.setTimeout(function () { place.classList.remove("shown"); }, 2500);
    }

    function copy(text, words) {
        var done = function () { say(words); };
        if (navigator.clipboard && window.isSecureContext) {
            navigator.clipboard.writeText(text).then(done);
            return;
        }
        var area = document.createElement("textarea");
        area.value = text;
        document.body.appendChild(area);
        area.select();
        document.execCommand("copy");
        area.remove();
        done();
    }

    function asked(query, form) {
        return facts.base + "api/v1/" + query + "." + form + strict(window.location.search);
    }

    function strict(search) {  // the API refuses what it does not know
        var choice = read(search);
        choice.unknown = [];
        return write(choice);
    }

    var acts = {
        csv: function (button) {
            var way = document.createElement("a");
            way.href = asked(button.dataset.query, "csv");
            way.download = "";
            way.click();
        },
        png: function (button) {
            var section = document.getElementById(button.dataset.card);
            var chart = section.querySelector(".js-plotly-plot");
            if (!chart) { say("This card holds no chart"); return; }
            var paper = getComputedStyle(document.documentElement).getPropertyValue("--surface").trim();
            var size = chart.getBoundingClientRect();
            var title = section.querySelector("h2").textContent;
            var layout = Object.assign({}, chart.layout, {
                paper_bgcolor: paper, width: size.width + 32, height: size.height + 64,
                margin: Object.assign({}, chart.layout.margin, { t: ((chart.layout.margin || {}).t || 0) + 48, l: 16, r: ((chart.layout.margin || {}).r || 0) + 16, b: ((chart.layout.margin || {}).b || 0) + 16 }),
                title: { text: title, x: 0.02, y: 0.98, yanchor: "top", font: { size: 15, color: getComputedStyle(document.body).color } },
            });
            window.Plotly.downloadImage({ data: chart.data, layout: layout }, { format: "png", scale: 2, filename: button.dataset.card, width: layout.width, height: layout.height });
        },
        sql: async function (button) {
            var answer = await fetch(asked(button.dataset.query, "sql"));
            document.getElementById("site-sql-text").textContent = await answer.text();
            document.getElementById("site-sql").showModal();
        },
        link: function (button) {
            copy(window.location.origin + window.location.pathname + window.location.search + "#" + button.dataset.card, "Link copied");
        },
        frozen: async function (button) {
            var choice = read(window.location.search);
            if (!choice.values.run) {
                var answer = await fetch(facts.base + "api/v1/publication?lake=" + encodeURIComponent(choice.values.lake));
                choice.values.run = String((await answer.json()).run);
            }
            copy(window.location.origin + window.location.pathname + write(choice) + "#" + button.dataset.card, "Link to run " + choice.values.run + " copied");
        },
    };

    // For the other files of the site.
    window.site = { base: facts.base, read: read, write: write, inside: inside, say: say, poll: poll };

    document.addEventListener("click", function (event) {
        var target = event.target.closest ? event.target : event.target.parentElement;
        document.querySelectorAll(POPOVERS).forEach(function (each) {
            if (!each.contains(target)) { each.open = false; }
        });
        var button = target.closest("button");
        if (!button) { return; }
        var data = button.dataset;
        if (data.menu) {
            if (acts[data.menu]) { acts[data.menu](button); }
            var menu = button.closest("details.menu");
            if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
        } else if (data.copy) {
            copy(data.copy, "Copied");
        } else if (data.copyfrom) {
            copy(document.getElementById(data.copyfrom).textContent, "Copied");
        } else if (data.close) {
            document.getElementById(data.close).close();
        } else if (data.toggle) {
            var isOpen = document.getElementById(data.toggle).classList.toggle("open");
            button.setAttribute("aria-expanded", String(isOpen));
        }
    });

    document.addEventListener("keydown", function (event) {
        if (event.key !== "Escape") { return; }
        document.querySelectorAll(POPOVERS).forEach(function (each) {
            each.open = false;
            each.querySelector("summary").focus();
        });
    });
})();
