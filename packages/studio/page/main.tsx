import { render } from 'solid-js/web'
import { App } from './app.tsx'
import './theme.css'

const place = document.getElementById('app')
if (place !== null) render(() => <App />, place)
