// Keeps the whole site in the browser, so that after one visit it needs no network. build.py puts this, with the list
// of the site's files, before JupyterLite's own service worker, which then only serves what kernels read and write.
//
// A file is kept under its path and its digest: what is kept is always what the list means, and a new edition of the
// site brings a new list, fetches only what has changed, and forgets the rest.
(() => {
  const FILES = /* build.py: path -> digest */ {};
  const opened = caches.open("course");
  const key = (path) => `${self.registration.scope}${path}?${FILES[path]}`;

  const path_of = ({ url }) => {
    const { origin, pathname } = new URL(url);
    const path = (origin + pathname).slice(self.registration.scope.length);
    return decodeURI(path.endsWith("/") || path === "" ? `${path}index.html` : path);
  };

  async function get(path) {
    const cache = await opened;
    const kept = await cache.match(key(path));
    if (kept) return kept;
    let fresh = await fetch(self.registration.scope + path, { cache: "no-cache" });
    if (fresh.redirected) fresh = new Response(await fresh.blob(), fresh); // a page may not be opened with one
    if (fresh.ok) await cache.put(key(path), fresh.clone());
    return fresh;
  }

  let asked = Date.now(); // when the page last asked for something
  const quiet = async () => {
    while (Date.now() - asked < 3000) await new Promise((done) => setTimeout(done, 500));
  };

  async function keep_all() {
    const cache = await opened;
    const paths = Object.keys(FILES);
    for (const path of paths) {
      if (await cache.match(key(path))) continue;
      await quiet(); // the page comes first
      await get(path);
    }
    const wanted = new Set(paths.map((path) => encodeURI(key(path))));
    for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
  }

  let keeping;
  self.addEventListener("fetch", (event) => {
    if (event.request.method !== "GET" || !event.request.url.startsWith(self.registration.scope)) return;
    const path = path_of(event.request);
    if (!Object.hasOwn(FILES, path)) return;
    event.stopImmediatePropagation();
    asked = Date.now();
    event.respondWith(get(path));
    event.waitUntil((keeping ??= keep_all().catch(() => { keeping = undefined; })));
  });
})();
