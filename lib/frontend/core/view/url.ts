import { isObject, type Json } from '../../../graph-file/json-values';
import { viewMark } from '../../../graph-file/view';

/** The content of the page's URL. */
export interface Address {
  /** '' for the first graph of the list. */
  readonly slug: string;
  /** The parameters of the view, spelled as in a saved view. */
  readonly params: Json;
  /** `A__vs__B` for an additional output, the difference of two, or ''. */
  readonly logitDiff: string;
}

const viewParams = [
  'clickedId',
  'pinnedIds',
  'supernodes',
  'clerps',
  'pruningThreshold',
  'hiddenIds',
  'linkType',
  'sg_pos',
  'claudeMode',
];

const mark = `#${viewMark}`;

/**
 * Read a URL: `?slug=...` with the parameters that pages of attribution graphs write, and `#v=...`, a whole view from
 * {@link packView}, which takes precedence. An invalid fragment is ignored.
 */
export async function readAddress(url: URL): Promise<Address> {
  const given = viewParams.flatMap((name) => {
    const value = url.searchParams.get(name);
    return value === null ? [] : [[name, value]];
  });
  const packed = url.hash.startsWith(mark) ? await unpackView(url.hash.slice(mark.length)) : {};
  const { searchParams } = url;
  const params = { ...Object.fromEntries(given), ...packed };
  return { slug: searchParams.get('slug') ?? '', params, logitDiff: searchParams.get('logitDiff') ?? '' };
}

/** The URL that shows a graph with this view. */
export async function viewAddress(base: URL, slug: string, params: Json, logitDiff = ''): Promise<string> {
  const url = new URL(base);
  url.search = selectionAddress(slug, '', logitDiff);
  url.hash = mark.slice(1) + (await packView(params));
  return url.href;
}

/** The URL for the browser's history: the graph and the selection. */
export function selectionAddress(slug: string, selected: string, logitDiff = ''): string {
  const params = new URLSearchParams({ slug });
  if (logitDiff !== '') params.set('logitDiff', logitDiff);
  if (selected !== '') params.set('clickedId', selected);
  return `?${params}`;
}

/** Deflated JSON in the alphabet of URLs. */
export async function packView(params: Json): Promise<string> {
  const bytes = await throughStream(
    new TextEncoder().encode(JSON.stringify(params)),
    new CompressionStream('deflate-raw'),
  );
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

async function unpackView(packed: string): Promise<Json> {
  try {
    const binary = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const json = await throughStream(bytes, new DecompressionStream('deflate-raw'));
    const value: unknown = JSON.parse(new TextDecoder().decode(json));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

async function throughStream(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream) {
  const result = new Response(new Blob([bytes]).stream().pipeThrough(stream));
  return new Uint8Array(await result.arrayBuffer());
}
