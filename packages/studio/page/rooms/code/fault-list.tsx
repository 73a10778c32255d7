import { For, Show } from 'solid-js'
import { Button } from '../../parts/button.tsx'
import { Hint } from '../../parts/hint.tsx'
import type { PlantedFault } from './faults.ts'
import { faultIn, planted } from './faults.ts'

/** The faults that the project plants in this file to see whether its tests notice: here to be planted by hand. */
export function FaultList(props: {
  readonly faults: readonly PlantedFault[]
  readonly original: string
  readonly text: string
  /** Takes the text with the fault in it. */
  readonly onPlant: (text: string) => void
}) {
  const present = () => faultIn(props.original, props.text, props.faults)
  return (
    <section class="panel faults" data-test="faults" data-tour="faults">
      <h2>
        Plant a fault{' '}
        <Hint about="planted faults">
          Small mistakes, of the kind that is found in real code. The project plants each and checks that a
          test fails; here one sees what it does to the particles.
        </Hint>
      </h2>
      <Show when={props.faults.length > 0} fallback={<p class="small muted">None are known of this file.</p>}>
        <ul>
          <For each={props.faults}>
            {(fault) => {
              const text = () => planted(props.original, fault)
              return (
                <li>
                  <Button
                    quiet
                    pressed={present() === fault}
                    disabled={text() === undefined}
                    onClick={() => {
                      const [now, with_] = [present(), text()]
                      if (now === fault) props.onPlant(props.original)
                      else if (with_ !== undefined) props.onPlant(with_)
                    }}
                  >
                    {fault.wrong}
                  </Button>
                  <Show when={present() === fault}>
                    <p class="small" data-test="caught">
                      Caught by the tests in{' '}
                      <For each={fault.tests}>
                        {(test, i) => (
                          <>
                            {i() > 0 ? ', ' : ''}
                            <code>{test.replace(/^packages\//, '')}</code>
                          </>
                        )}
                      </For>
                      . Press again to take it out.
                    </p>
                  </Show>
                </li>
              )
            }}
          </For>
        </ul>
      </Show>
    </section>
  )
}
