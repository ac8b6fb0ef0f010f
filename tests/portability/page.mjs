// SPDX-License-Identifier: Apache-2.0
// Asks the page of examples/web in a headless Chromium and prints the answer, and on standard error its tokens a second:
//   node page.mjs FOLDER QUESTION      CHROMIUM is the browser, "chromium" by default
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {extname, join} from 'node:path';

const [folder, question] = process.argv.slice(2);
const types = {'.html': 'text/html', '.mjs': 'text/javascript', '.wasm': 'application/wasm'};
const server = createServer(async ({url}, response) => {
    try {
        response.setHeader('Content-Type', types[extname(url)] ?? 'application/octet-stream');
        response.end(await readFile(join(folder, url)));
    } catch {
        response.writeHead(404).end();
    }
}).listen(0, '127.0.0.1');
await once(server, 'listening');

// The browser's protocol on a pipe: JSON, with a NUL behind each message.
const browser = spawn(process.env.CHROMIUM ?? 'chromium',
                      ['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', 'about:blank'],
                      {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
const answers = new Map();
let unread = '', sent = 0;
browser.stdio[4].on('data', (bytes) => {
    const messages = (unread + bytes).split('\0');
    unread = messages.pop();
    for (const {id, result} of messages.map((text) => JSON.parse(text))) answers.get(id)?.(result);
});
const call = (method, params = {}, sessionId) => new Promise((done) => {
    answers.set(++sent, done);
    browser.stdio[3].write(JSON.stringify({id: sent, method, params, sessionId}) + '\0');
});

const url = `http://127.0.0.1:${server.address().port}/index.html`;
const {targetId} = await call('Target.createTarget', {url});
const {sessionId} = await call('Target.attachToTarget', {targetId, flatten: true});
const evaluate = async (expression) =>
    (await call('Runtime.evaluate', {expression, returnByValue: true}, sessionId)).result.value;
const status = async (wanted) => {
    for (let i = 0; i < 600; ++i) {
        const text = await evaluate(`document.querySelector('#status')?.textContent ?? ''`);
        if (text.match(wanted)) return text;
        if (text.startsWith('Error')) throw new Error(text);
        await new Promise((wake) => setTimeout(wake, 100));
    }
    throw new Error(`the page does not say ${wanted}`);
};
try {
    await status(/Ready/);
    await evaluate(`document.querySelector('#question').value = ${JSON.stringify(question)};
                    document.querySelector('button').click()`);
    process.stderr.write(`${await status(/tokens\/s/)}\n`);
    process.stdout.write(await evaluate(`document.querySelector('#answer').textContent`));
} finally {
    browser.kill();
    server.close();
}
