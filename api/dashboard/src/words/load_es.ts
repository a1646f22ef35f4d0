// A file of its own: only who reads this language loads it.

import { es } from "./es";
import { learnt } from "./loaded";

learnt("es", es);
