import { inflateRawSync } from 'node:zlib';
import { CircuitTracerError } from '../errors';
import { type PageSelection, selectionOfView } from '../graph-file/selection';
import { isObject } from '../is-object';
import { parseJson } from '../json';

/**
 * The groups (`supernodes`) and pinned nodes (`pinnedIds`) in the URL of a graph's page, also one copied from this package's.
 *
 * Ids of features are `{layer}_{feature}_{position}`. An output's id looks the same, with a layer past the model's last.
 *
 * @throws CircuitTracerError `ERR_INVALID_ARGUMENT` for a URL whose parts aren't what a page writes.
 */
export function selectionFromUrl(url: string): PageSelection {
  const [address = '', fragment = ''] = url.split('#', 2);
  if (fragment.startsWith(viewMark)) return selectionOfView(unpacked(fragment.slice(viewMark.length)), true);
  const parameters = new URLSearchParams(address.includes('?') ? address.slice(address.indexOf('?') + 1) : '');
  const [supernodes, pinnedIds, clerps] = ['supernodes', 'pinnedIds', 'clerps'].map((name) => parameters.get(name));
  return selectionOfView({ supernodes, pinnedIds, clerps }, false);
}

/** Before a whole view in the fragment of a URL. */
const viewMark = 'v=';
const largestView = 2 ** 24;

/** A view as the page packs it: deflated JSON in base64url. */
function unpacked(packed: string): object {
  try {
    const json = inflateRawSync(Buffer.from(packed, 'base64url'), { maxOutputLength: largestView });
    const view: unknown = parseJson(json.toString());
    if (isObject(view)) return view;
  } catch {
    // Told below.
  }
  throw new CircuitTracerError(
    'ERR_INVALID_ARGUMENT',
    "The view in the page's URL can't be read. Copy the URL once more.",
  );
}
