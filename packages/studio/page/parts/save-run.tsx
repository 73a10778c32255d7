import type { RunFile } from '@tweedie/calibration'
import { formatRunFile } from '@tweedie/calibration'
import { Button } from './button.tsx'
import { saveFile } from './save.ts'

/** Saves a run whole, as the file that the command line takes. */
export function SaveRun(props: { readonly file: () => RunFile }) {
  return (
    <Button
      onClick={() => saveFile('run.json', formatRunFile(props.file()), 'application/json')}
      title="The whole run as a file: npx tweedie run run.json gives the same bits, and says whether it does"
    >
      Save run.json
    </Button>
  )
}
