// Keeps the whole site in the browser, so that after one visit it needs no network. build.py puts this, with the list
// of the site's files, before JupyterLite's own service worker, which then only serves what kernels read and write.
//
// A file is kept under its path and its digest: what is kept is always what the list means, and a new edition of the
// site brings a new list, fetches only what has changed, and forgets the rest.
(() => {
  const FILES = /* build.py: path -> digest */ {};
  // JupyterLite's worker would take over the pages of the edition before, in the midst of their work: a kernel that has
  // read its list of packages would then not find them. So a new one waits until the last of these pages is closed.
  self.skipWaiting = async () => {};

  const opened = caches.open(`course ${self.registration.scope}`); // another folder of the host may hold another site
  const key = (path) => `${self.registration.scope}${path}?${FILES[path]}`;

  const path_of = ({ url }) => {
    const { origin, pathname } = new URL(url);
    const path = (origin + pathname).slice(self.registration.scope.length);
    return decodeURI(path.endsWith("/") || path === "" ? `${path}index.html` : path);
  };

  async function fetched(path, cache) {
    const fresh = await fetch(self.registration.scope + path, { cache });
    return fresh.redirected ? new Response(await fresh.blob(), fresh) : fresh; // a page may not be opened with one
  }

  async function is_meant(path, response) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer()));
    return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("").startsWith(FILES[path]);
  }

  // The file, and whether it is kept: it is not while the host, or something on the way, still has another one than the
  // list means, and not where the browser has no more room. The page gets it all the same.
  async function get(path) {
    const cache = await opened;
    const before = await cache.match(key(path));
    if (before) return { file: before, kept: true };
    const put = (file) => cache.put(key(path), file.clone()).then(() => ({ file, kept: true }), () => ({ file, full: true }));
    let file;
    for (const way of ["no-cache", "reload"]) {
      file = await fetched(path, way);
      if (file.ok && (await is_meant(path, file))) return put(file);
    }
    return { file };
  }

  let asked = Date.now(); // when the page last asked for something
  const quiet = async () => {
    while (Date.now() - asked < 3000) await new Promise((done) => setTimeout(done, 500));
  };

  async function keep_all() {
    const cache = await opened;
    const paths = Object.keys(FILES);
    let missed = 0;
    for (const path of paths) {
      if (await cache.match(key(path))) continue;
      await quiet(); // the page comes first
      const { kept, full } = await get(path);
      if (full) throw new Error("The browser has no more room.");
      if (!kept) missed += 1;
    }
    if (missed) throw new Error(`${missed} files could not be kept.`);
    const wanted = new Set(paths.map((path) => new Request(key(path)).url));
    for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
  }

  let keeping;
  self.addEventListener("fetch", (event) => {
    if (event.request.method !== "GET" || !event.request.url.startsWith(self.registration.scope)) return;
    const path = path_of(event.request);
    if (!Object.hasOwn(FILES, path)) return;
    event.stopImmediatePropagation();
    asked = Date.now();
    event.respondWith(get(path).then(({ file }) => file));
    // What could not be kept is tried again, but not all the time.
    keeping ??= keep_all().catch(() => setTimeout(() => { keeping = undefined; }, 60000));
    event.waitUntil(keeping);
  });
})();
