/** Finds and starts the browser for tests, benchmarks and screenshots of the page. */
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
const quiet = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** The path of the browser: $CHROMIUM, or the first that is installed. Undefined if there is none. */
function findChromium() {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM) return CHROMIUM;
  const inPath = PATH.split(path.delimiter).flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...inPath, ...places].find((file) => fs.existsSync(file));
}

const howToInstall =
  'Install it (apt-get install chromium, or brew install --cask chromium), or set CHROMIUM to the path of Chrome.';

function launchChromium() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(`Chromium is required, but not installed. ${howToInstall}`);
  return chromium.launch({ executablePath, args: quiet });
}

module.exports = { findChromium, howToInstall, launchChromium };
