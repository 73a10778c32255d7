export type { Served, ServeOptions } from './serve/serve.ts'
export { serveStudio } from './serve/serve.ts'
export { siteFolder } from './serve/site.ts'
