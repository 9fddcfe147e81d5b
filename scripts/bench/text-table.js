/** Plain text tables. Columns are as wide as their widest cell. The first is left-aligned, the others right-aligned. */

/** @param columns pairs of a title and a function from a row to its cell; undefined leaves the cell empty */
function textTable(columns, rows) {
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, cell]) => `${cell(row) ?? ''}`)),
  ];
  const widths = columns.map((_, c) => Math.max(...cells.map((line) => line[c].length)));
  const align = (cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]));
  return cells.map((line) => line.map(align).join('  ').trimEnd()).join('\n');
}

/** A number with a fixed number of decimals. '' for undefined. */
const fixed = (value, digits) => value?.toFixed(digits);

/** A whole number from 10 on, otherwise with two decimals. */
const rounded = (value) => value && fixed(value, value < 1 ? 2 : value < 10 ? 1 : 0);

const percent = (share) => share && `${rounded(100 * share)} %`;

module.exports = { fixed, percent, rounded, textTable };
