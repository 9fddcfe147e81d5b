import type { Experiment } from '../../../../lib/intervention/render/experiment';
import { experimentSvg } from '../../../../lib/intervention/render/experiment-svg';
import { continuationsHtml, topTokensHtml } from '../../../../lib/intervention/render/html';
import { escapeMarkup, percent, visibleToken } from '../../../../lib/intervention/render/markup';
import { fitText, widthInEm } from '../../../../lib/intervention/render/text-box';

const nasty = [
  '<script>alert("1")</script>',
  `a & b ' " ]]> <!-- -->`,
  '\u0000\u0007\u001b[31m\u0085\ufffe\uffff',
  '\ud800 alone \udc00',
  '\u202eturned\u2066',
  'W'.repeat(300),
  'words '.repeat(80),
  '日本語のラベル'.repeat(20),
  '👩‍👩‍👧‍👦'.repeat(30),
  '\n\t ',
  '',
];

/** Elements must close in order and text may hold no bare markup: enough of XML 1.0 for what we write. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(/<(\/?)([a-z]\w*)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_, close, name, __, empty) => {
    if (close) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name);
    return '';
  });
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<]|&(?!(amp|lt|gt|quot|#39);)/);
  expect(Array.from(xml).filter((character) => !isXmlCharacter(character.codePointAt(0) as number))).toEqual([]);
}

/** Of XML 1.0's Char production. */
function isXmlCharacter(code: number): boolean {
  return (
    code === 9 || code === 10 || (code >= 0x20 && code < 0xd800) || (code >= 0xe000 && code < 0xfffe) || code > 0xffff
  );
}

const outputs = nasty.map((token, tokenId) => ({ token, tokenId, probability: 1 / (tokenId + 2) }));

describe('the picture of an experiment', () => {
  test.each(nasty)('is well-formed with the label %j', (label) => {
    const groups = [
      { label, share: -3e9, change: label, row: 0 },
      { label, share: Number.NaN, replacedBy: label, row: 1 },
      { label, share: 0, ablated: true, row: 1 },
    ];
    const experiment: Experiment = { prompt: label, groups, edges: [{ from: 0, to: 1, weight: -1 }], outputs };
    expectWellFormed(experimentSvg(experiment));
  });

  test('of nothing is well-formed, and edges to nowhere are left out', () => {
    const svg = experimentSvg({ prompt: '', groups: [], edges: [{ from: 0, to: 1 }], outputs: [] });
    expectWellFormed(svg);
    expect(svg).not.toContain('class="edge"');
  });
});

describe('text in boxes', () => {
  test.each(nasty)('fits: %j', (text) => {
    for (const width of [40, 148, 800]) {
      const lines = fitText(text, 13, width, 2);
      expect(lines.length).toBeLessThanOrEqual(2);
      // One joined emoji may be all that a line holds.
      for (const line of lines) expect(widthInEm(line) * 13).toBeLessThanOrEqual(Math.max(width, 5.3 * 13));
    }
  });

  test('breaks between words and ends with an ellipsis', () => {
    expect(fitText('the capital of Texas', 10, 70, 2)).toEqual(['the capital', 'of Texas']);
    expect(fitText('the capital of the state of Texas', 10, 70, 2)[1]).toMatch(/…$/);
  });
});

describe('HTML fragments', () => {
  test.each(nasty)('escape %j', (text) => {
    const table = topTokensHtml({ before: outputs, after: [{ token: text, tokenId: 0, probability: 1 }] });
    for (const html of [table, continuationsHtml({ prompt: text, before: text, after: text })]) {
      expectWellFormed(html);
      expect(html).not.toContain('<script');
    }
  });

  test('mark the new text', () => {
    expect(continuationsHtml({ prompt: 'a', before: ' b', after: ' c' })).toMatch(/a<mark> b<.*a<mark> c</s);
  });
});

test('what a reader sees of tokens and shares', () => {
  expect([' a b ', '\n', '', 'x'].map(visibleToken)).toEqual(['␣a b␣', '⏎', '∅', 'x']);
  expect([0, 1e-6, 0.0123, 0.5, 1].map(percent)).toEqual(['0.0%', '< 0.01%', '1.23%', '50.0%', '100.0%']);
  expect(escapeMarkup(`<&>"'\u0001`)).toBe('&lt;&amp;&gt;&quot;&#39;');
});
