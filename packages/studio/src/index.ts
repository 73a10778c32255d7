export type { Served, ServeOptions } from './serve/serve.ts'
export { serveStudio } from './serve/serve.ts'
export { siteFiles, siteFolder } from './serve/site.ts'
