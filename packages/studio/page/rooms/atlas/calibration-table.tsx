import { For } from 'solid-js'
import type { Standing } from './engine/calibration.ts'
import type { Entrant } from './scatter.tsx'

const columns = [
  { name: 'sw', title: 'SW', digits: 3 },
  { name: 'variance-ratio', title: 'variance', digits: 2 },
  { name: 'hpd90', title: 'HPD .9', digits: 2 },
  { name: 'marginal90', title: 'interval .9', digits: 2 },
  { name: 'rank-spread', title: 'ranks', digits: 2 },
  { name: 'crps', title: 'CRPS', digits: 3 },
] as const

/** All numbers, with half of their 95 % intervals. */
export function CalibrationTable(props: { readonly entrants: readonly Entrant[] }) {
  const cell = ({ metrics }: Standing, name: string, digits: number) => {
    const found = metrics[name]
    if (found === undefined) return '–'
    const half = (found.high - found.low) / 2
    return `${found.value.toFixed(digits)}${Number.isFinite(half) ? ` ± ${half.toFixed(digits)}` : ''}`
  }
  return (
    <div class="map-scroll">
      <table class="numbers-table" data-test="calibration-table">
        <thead>
          <tr>
            <th scope="col">method</th>
            <For each={columns}>{({ title }) => <th scope="col">{title}</th>}</For>
            <th scope="col">NFE, ∇</th>
            <th scope="col">s</th>
          </tr>
        </thead>
        <tbody>
          <For each={props.entrants}>
            {({ standing, mark, title }) => (
              <tr>
                <th scope="row">
                  {mark} {title}
                </th>
                <For each={columns}>{({ name, digits }) => <td>{cell(standing, name, digits)}</td>}</For>
                <td>
                  {Math.round(standing.nfe)}, {Math.round(standing.vjps)}
                </td>
                <td>{standing.seconds.toPrecision(2)}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  )
}
