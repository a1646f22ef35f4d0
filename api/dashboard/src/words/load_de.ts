// A file of its own: only who reads this language loads it.

import { de } from "./de";
import { learnt } from "./loaded";

learnt("de", de);
