const { load } = require('./common');

load();
setTimeout(() => process.exit(0), Number(process.argv[2]));
