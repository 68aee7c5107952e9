// Keeps the page in the browser: it opens without a network, and is loaded from there once it has been visited.
//
// What stands above this, `RELEASE`, names its files and changes with them: the browser then takes them all anew, and
// shows them as soon as no tab holds the old ones.

const KEPT = `netdsl-play ${registration.scope} `;
const CACHE = KEPT + RELEASE.digest;

addEventListener("install", event => {
  // `no-cache` asks whether a file has changed: what the page has just loaded is not sent again.
  const requests = RELEASE.files.map(name => new Request(name, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(requests)));
});

addEventListener("activate", event => {
  const isOld = name => name.startsWith(KEPT) && name !== CACHE;
  event.waitUntil(caches.keys().then(names => Promise.all(names.filter(isOld).map(name => caches.delete(name)))));
});

addEventListener("fetch", event => {
  if (event.request.method !== "GET") return;
  const kept = caches.open(CACHE).then(cache => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(kept.then(found => found || fetch(event.request)));
});
