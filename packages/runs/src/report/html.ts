/** Text made safe to stand in HTML. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Rows of a table under one heading. */
export interface RowGroup {
  readonly heading: string
  readonly rows: readonly (readonly string[])[]
}

/**
 * A table of numbers with names in its first column. On a narrow screen each row becomes a few lines, the
 * name and then every number beside the title of its column, so that nothing is out of sight. Cells and
 * headings may hold markup: whoever makes them escapes what came from outside.
 */
export function htmlTable(titles: readonly string[], groups: readonly RowGroup[]): string {
  const label = (i: number) => (i === 0 ? '' : ` class="n" data-title="${titles[i]}"`)
  const row = (cells: readonly string[]) =>
    `<tr>${cells.map((text, i) => `<td${label(i)}>${text}</td>`).join('')}</tr>`
  const head = titles.map((title, i) => `<th scope="col"${label(i)}>${title}</th>`).join('')
  const bodies = groups.map(
    ({ heading, rows }) =>
      `<tbody><tr><th scope="rowgroup" colspan="${titles.length}">${heading}</th></tr>${rows.map(row).join('')}</tbody>`,
  )
  return `<div class="wide"><table class="numbers"><thead><tr>${head}</tr></thead>${bodies.join('')}</table></div>`
}

const style = `
:root { color-scheme: light dark; --ink: #1c2126; --soft: #5a6570; --line: #d9dee3; --page: #fbfbfa; --card: #fff;
  --good: #0a6e3d; --bad: #a33a1c; --c0: #0072b2; --c1: #c25800; --c2: #00805f; --c3: #a8447f; --c4: #8a6d00; --c5: #3b7fb5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e5e8eb; --soft: #9aa5b0; --line: #343b43; --page: #14171a; --card: #1b1f24;
  --good: #5fce93; --bad: #ff9a76; --c0: #56b4e9; --c1: #ff9d3f; --c2: #3fd0a4; --c3: #e391c3; --c4: #e8cf4a; --c5: #9cc9ec; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 28px 20px 60px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
h1 { font-size: 25px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 40px 0 6px; } h3 { font-size: 14px; margin: 16px 0 2px; }
p { margin: 4px 0 10px; max-width: 74ch; } .quiet, small { color: var(--soft); }
code, pre { font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; overflow-x: auto; }
.wide { overflow-x: auto; margin: 10px 0; } table { border-collapse: collapse; font-size: 14px; }
th, td { text-align: left; padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } .n { text-align: right; font-variant-numeric: tabular-nums; padding-left: 12px; }
.good { color: var(--good); } .bad { color: var(--bad); }
.numbers tbody th { color: var(--ink); padding-top: 14px; } .numbers th small { font-weight: 400; }
.sheet td, .sheet th { border: 0; padding: 2px 4px; text-align: center; } .sheet th { font-size: 13px; }
.sheet td.label { color: var(--soft); font-size: 12.5px; text-align: right; vertical-align: middle; padding-right: 8px; }
.sheet img { display: block; width: 76px; height: 76px; object-fit: contain; image-rendering: pixelated; border-radius: 2px; margin: 0 auto; outline: 1px solid var(--line); }
.sheet small { font-size: 11px; padding: 1px 0 5px; font-variant-numeric: tabular-nums; display: block; line-height: 1.35; }
.strip img { width: 58px; height: 58px; }
.task { display: flex; flex-wrap: wrap; gap: 4px 36px; align-items: flex-start; } .task > .wide { flex: 0 1 auto; max-width: 100%; }
.charts { flex: 1 1 380px; max-width: 520px; } .charts figure { margin: 0 0 14px; }
figcaption { font-size: 13px; color: var(--soft); } svg { width: 100%; height: auto; font-size: 10.5px; fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .level { stroke: var(--soft); stroke-dasharray: 4 3; } svg .levelname { font-size: 10px; }
svg .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.key { display: inline-block; width: 16px; height: 3px; vertical-align: middle; margin: 0 5px 2px 0; border-radius: 2px; } .key + span { margin-right: 14px; }
${[0, 1, 2, 3, 4, 5].map((i) => `svg .c${i} { stroke: var(--c${i}); } .key.c${i} { background: var(--c${i}); }`).join('\n')}
@media (min-width: 641px) and (max-width: 900px) { .numbers th, .numbers td { padding-right: 6px; } .numbers .n { padding-left: 6px; } }
@media (max-width: 640px) {
  body { padding: 20px 14px 48px; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .numbers, .numbers tbody { display: block; } .numbers thead { display: none; }
  .numbers tr { display: flex; flex-wrap: wrap; gap: 0 14px; padding: 5px 0; border-bottom: 1px solid var(--line); }
  .numbers td, .numbers th { display: block; border: 0; padding: 0; white-space: normal; } .numbers td:empty { display: none; }
  .numbers td:first-child { flex-basis: 100%; } .numbers td[data-title]::before { content: attr(data-title) " "; color: var(--soft); }
  .sheet td, .sheet th { padding: 2px; font-size: 11px; white-space: normal; } .sheet td.label { font-size: 11px; padding-right: 4px; }
  .sheet img { width: 15vw; height: 15vw; max-width: 76px; max-height: 76px; } .sheet small { font-size: 10px; }
  .strip img { width: 9vw; height: 9vw; } .strip small { font-size: 8.5px; }
}
details { margin: 14px 0; } summary { cursor: pointer; color: var(--soft); }
`

/** A whole page that needs nothing from elsewhere. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`
