import { Match, onCleanup, Switch } from 'solid-js'
import { Chips } from '../../parts/chips.tsx'
import { Notes } from '../../parts/notes.tsx'
import '../../parts/room.css'
import { Tour } from '../../parts/tour.tsx'
import { roomState } from '../../state/store.ts'
import { engine } from '../../worker/client.ts'
import './atlas.css'
import { CalibrationView } from './calibration.tsx'
import { FailuresView } from './failures-view.tsx'
import { fields } from './fields.ts'
import { MapView } from './map.tsx'
import { tourOf } from './tour.ts'

/** Room 5: methods over their settings, their calibration against their cost, and where they are known to fail. */
export default function AtlasRoom() {
  const { values, set, notes, dismiss } = roomState('atlas', fields)
  onCleanup(() => void engine.atlas.close())
  return (
    <div class="atlas" data-test="atlas" data-view={values.view}>
      <Notes notes={notes()} onDismiss={dismiss} />
      <div class="intro">
        <div>
          <h1>Where methods work, and where they do not</h1>
          <p class="muted">
            A map has a run in every cell, with its score as a colour; a click opens that run in its room.
            Calibration sets methods against their cost, and every known failure is a link to a run that shows
            it.
          </p>
        </div>
        <Tour steps={tourOf(set)} />
      </div>
      <div class="views-chips" data-tour="views">
        <Chips
          label="What is shown"
          value={values.view}
          choices={[
            { value: 'map', title: 'Map', about: 'A method over two of its options' },
            {
              value: 'calibration',
              title: 'Calibration',
              about: 'Methods on the plane, against the exact posterior',
            },
            { value: 'failures', title: 'Known failures', about: 'Runs that show what goes wrong, and why' },
          ]}
          onChoose={(view) => set({ view })}
        />
      </div>
      <Switch>
        <Match when={values.view === 'map'}>
          <MapView values={values} set={set} />
        </Match>
        <Match when={values.view === 'calibration'}>
          <CalibrationView values={values} set={set} />
        </Match>
        <Match when={values.view === 'failures'}>
          <FailuresView />
        </Match>
      </Switch>
    </div>
  )
}
