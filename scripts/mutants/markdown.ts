import type { Edit } from './edit.ts'
import { packageOf } from './edit.ts'
import type { Result } from './results.ts'

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map((_, i) => (i === 0 ? '---' : '--:')).join('|')}|`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
]

const cell = (text: string) => text.replaceAll('|', '\\|')

/** docs/mutants.md: the table of packages, what survived, what was not run or cannot be noticed, and which test files kill. */
export function markdownOf(
  edits: readonly Edit[],
  results: Readonly<Record<string, Result>>,
  date: Date,
): string {
  const counted = edits.filter(({ equivalent }) => equivalent === undefined)
  const verdicts = (list: readonly Edit[], ...wanted: readonly Result['verdict'][]) =>
    list.filter(({ name }) => wanted.some((verdict) => results[name]?.verdict === verdict))
  const row = (name: string, list: readonly Edit[]) => [
    name,
    list.length,
    verdicts(list, 'killed', 'hung').length,
    verdicts(list, 'survived', 'broken').length,
    list.filter(({ name }) => results[name] === undefined).length,
  ]
  const packages = [...new Set(edits.map(packageOf))]
  const byFile = new Map<string, number>()
  for (const { name } of verdicts(counted, 'killed', 'hung')) {
    const result = results[name]
    const file = result?.file ?? (result?.verdict === 'hung' ? '(hung)' : '(by an earlier run)')
    byFile.set(file, (byFile.get(file) ?? 0) + 1)
  }
  const survivors = verdicts(counted, 'survived', 'broken')
  const hung = verdicts(counted, 'hung')
  const notRun = counted.filter(({ name }) => results[name] === undefined)
  const equivalent = edits.filter((edit) => edit.equivalent !== undefined)
  const lines = [
    '# Planted faults',
    '',
    `Written on ${date.toISOString().slice(0, 10)} by \`npm run mutants\`, which makes one small edit at a time in a copy of the`,
    "project and runs the tests of the edit's package until one fails. The edits are data, in `scripts/mutants/edits`.",
    '',
    ...table(
      ['package', 'edits', 'killed', 'survived', 'not run'],
      [
        ...packages.map((name) =>
          row(
            name,
            counted.filter((edit) => packageOf(edit) === name),
          ),
        ),
        row('all', counted),
      ],
    ),
    '',
    ...(survivors.length === 0
      ? []
      : [
          'Survivors:',
          '',
          ...survivors.map(
            ({ name, file, wrong }) =>
              `- \`${name}\` (${file}): ${wrong}${results[name]?.verdict === 'broken' ? '; the edit does not run' : ''}`,
          ),
          '',
        ]),
    ...(notRun.length === 0
      ? []
      : [`Not run yet: ${notRun.map(({ name }) => `\`${name}\``).join(', ')}.`, '']),
    ...(hung.length === 0
      ? []
      : [`Killed by a hang: ${hung.map(({ name }) => `\`${name}\``).join(', ')}.`, '']),
    ...(equivalent.length === 0
      ? []
      : [
          'Not counted, since nothing can tell them from the original:',
          '',
          ...equivalent.map(({ name, wrong, equivalent }) => `- \`${name}\`: ${wrong}; ${equivalent}`),
          '',
        ]),
    'How many were killed by which test file (the first to fail):',
    '',
    ...table(
      ['test file', 'killed'],
      [...byFile].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([file, n]) => [cell(file), n]),
    ),
    '',
  ]
  return lines.join('\n')
}
