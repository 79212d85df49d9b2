// How all pages make elements: loaded first, before what uses it.
(function () {
    "use strict";

    // Parts that are none (null, "") are left out.
    function element(name, properties, parts) {
        var made = Object.assign(document.createElement(name), properties);
        (parts || []).filter(Boolean).forEach(function (part) { made.append(part); });
        return made;
    }

    function button(words, act, properties) {
        var made = element("button", Object.assign({ type: "button", className: "button", textContent: words }, properties));
        made.addEventListener("click", act);
        return made;
    }

    // A choice among texts, the empty one shown as a dash.
    function select(label, options, chosen, act) {
        var made = element("select", {}, options.map(function (option) {
            var pair = Array.isArray(option) ? option : [option, option];
            return element("option", { value: pair[0], textContent: pair[1] || "\u2013", selected: pair[0] === chosen });
        }));
        made.setAttribute("aria-label", label);
        made.addEventListener("change", function () { act(made.value); });
        return made;
    }

    window.elements = { element: element, button: button, select: select };
})();
