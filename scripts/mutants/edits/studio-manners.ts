import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const page = editsOf('packages/studio/page')
const src = editsOf('packages/studio/src')

/** Only a browser sees these. */
const inBrowser = (...names: readonly string[]): Partial<Edit> => ({
  tests: names.map((name) => `tests/studio/${name}`),
})

const dots = page('rooms/plane/dots.ts', 'rooms/plane/dots')
const moment = page('parts/moment.ts', 'parts/moment')
const photoFile = page('rooms/digits/photo-file.ts', 'rooms/digits/photo-file')
const photos = page('rooms/digits/engine/photos.ts', 'rooms/digits/photo-file')
const sheet = page('rooms/digits/sheet.ts', 'rooms/digits/export')
const serve = src('serve/serve.ts', 'serve/serve')
const store = page('state/store.ts')

/** What all rooms of the Studio share: painting, moments, the address; photographs, and where they come from. */
export const studioMannersEdits: readonly Edit[] = [
  dots(
    'studio-manners-dots',
    '(view.height * ratio) / 2 - (x[2 * i + 1]',
    '(view.height * ratio) / 2 + (x[2 * i + 1]',
    'particles are painted upside down',
  ),
  dots(
    'studio-manners-dots-over',
    'before + (255 - before) * cover * opacity',
    '255 * cover * opacity',
    'of dots over each other only the last is seen',
  ),
  moment(
    'studio-manners-moment',
    '(at / 1000) * (frames[0]?.steps ?? 0)',
    '(at / 1000) * (frames.length - 1)',
    'a place is one among the frames that have come, not in the run',
  ),
  photoFile(
    'studio-manners-photo-sides',
    'Math.round((length * scale) / divisor)) * divisor',
    'Math.round(length * scale))',
    'sides that the network cannot halve',
  ),
  photos(
    'studio-manners-photo-planes',
    'data[3 * (i % area) + Math.floor(i / area)]',
    'data[i]',
    'pixels are taken for channels',
  ),
  sheet(
    'studio-manners-sheet-planes',
    'planes[(i % each) * area + Math.floor(i / each)]',
    'planes[i]',
    'a saved picture has channels for pixels',
  ),
  serve(
    'studio-manners-beside',
    'files.get(path)?.()',
    'files.values().next().value?.()',
    'any path is the first file',
  ),
  store(
    'studio-manners-overruled',
    'if (location.hash !== seen || seen === hash()) return',
    'if (location.hash === hash()) return',
    'an address that somebody has just changed is overwritten',
    inBrowser('manners'),
  ),
]
