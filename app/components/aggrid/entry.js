// Of AG Grid Community the modules that rows to sort and filter need, offered to grid.js: 0.75 MB of 1.9.
import {
    CellStyleModule, ClientSideRowModelModule, ColumnAutoSizeModule, EventApiModule, ModuleRegistry, NumberFilterModule,
    RenderApiModule, RowApiModule, TextFilterModule, createGrid, themeQuartz
} from "ag-grid-community";

ModuleRegistry.registerModules([
    CellStyleModule, ClientSideRowModelModule, ColumnAutoSizeModule, EventApiModule, NumberFilterModule, RenderApiModule,
    RowApiModule, TextFilterModule
]);
window.agGrid = { createGrid, themeQuartz };
