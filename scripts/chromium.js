/** The browser that tests, benchmark and screenshots of the page drive. */
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

/** Path of the browser: $CHROMIUM, or the first there is; undefined when there is none. */
function findChromium() {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM) return CHROMIUM;
  const inPath = PATH.split(path.delimiter).flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...inPath, ...places].find((file) => fs.existsSync(file));
}

const howToInstall =
  'Install it (apt-get install chromium, or brew install --cask chromium), or set CHROMIUM to the path of a Chrome.';

function launchChromium() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(`This needs Chromium, which is not installed. ${howToInstall}`);
  return chromium.launch({ executablePath, args: quiet });
}

module.exports = { findChromium, howToInstall, launchChromium };
