// Sets light or dark before anything is drawn, so that the page never flashes, and tells the server in a cookie. Loaded in the head.
(function () {
    var chosen = null;
    try {
        chosen = window.localStorage.getItem("mantine-color-scheme-value");
    } catch (error) {
        // Without storage the system's preference holds.
    }
    var isDark = chosen === "dark" || (chosen !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.setAttribute("data-mantine-color-scheme", isDark ? "dark" : "light");
    document.cookie = "scheme=" + (isDark ? "dark" : "light") + "; path=/; max-age=31536000; SameSite=Strict";
})();
