import { drawReport, drawsOf, measure, priorOf, recordRun, runTask } from '@tweedie/runs'
import { methods, noiseFromSpec, operatorFromSpec } from '@tweedie/solvers'
import { randomKey, zeros } from '@tweedie/tensor'
import { fetchPrior, linearTraining, loadPrior } from '@tweedie/unet'

/**
 * Two steps of DPS on a digit by the words of a form, with what a page shows of it: the restored digit, the
 * progress that was told, the length of the report and the pictures in it.
 * @param source - The address of the prior's folder, or the contents of its two files.
 */
export async function digitRun(source) {
  const network = typeof source === 'string' ? await fetchPrior(source) : loadPrior(source)
  const prior = priorOf('digits', [1, 28, 28], network, linearTraining(1000))
  const operator = operatorFromSpec('inpaint:box=14', prior.shape)
  const noise = noiseFromSpec('0.05')
  const { entry: method, settings: options } = methods.parse('dps:steps=2')
  const truth = zeros([1, 1, 28, 28])
  const y = measure(operator, noise, truth, randomKey(1))
  const told = []
  const started = new Date()
  const task = {
    ...drawsOf(operator, noise, { y, truth }, 1),
    title: 'a digit',
    spec: 'inpaint:box=14',
    samples: [''],
    methods: [{ method, options }],
  }
  const result = await runTask(task, prior, { onProgress: (done) => told.push(done) })
  const machine = { tweedie: '0', node: '', platform: 'page', cpu: '', cores: 1, device: 'wasm' }
  const record = recordRun(
    {
      command: 'page',
      argv: [],
      options: {},
      seed: 0,
      prior,
      machine,
      started,
      samples: task.samples,
      notes: [],
      results: [result],
    },
    [],
  )
  let pictures = 0
  const html = drawReport(record, [result.pictures], () => `#${pictures++}`)
  return {
    digit: Array.from(result.restored.get('dps').dataSync()),
    told,
    pictures,
    shown: html.split('<img ').length - 1,
    scores: Object.keys(record.tasks[0].runs[0].scores[0]),
  }
}
