/** As the package gives it to tests of strategies that are not ours. */

export { drive, type PlayedStrategy as Played } from '../../src/core/testing/drive.js';
