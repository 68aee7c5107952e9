// A link that holds a text: compressed, in the fragment, which no browser sends to a server.

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

export async function makeLink(text) {
  const packed = await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  const written = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${location.origin}${location.pathname}#text=${written}`;
}

export async function readLink() {
  const written = new URLSearchParams(location.hash.slice(1)).get("text");
  if (!written) return null;
  try {
    const packed = Uint8Array.from(atob(written.replaceAll("-", "+").replaceAll("_", "/")), one => one.charCodeAt(0));
    return new TextDecoder().decode(await through(packed, new DecompressionStream("deflate-raw"))).slice(0, 500_000);
  } catch {
    return null; // a link that was cut short
  }
}
