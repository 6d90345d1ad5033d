-- table demo.app.ffx_tbl_RPT_TM1retail: _plimsoll_row STRING, _plimsoll_copy INT64, Retail_SaleDate DATE, Outlet STRING, Copies INT64, Revenue NUMERIC
-- table demo.app_staging.ffx_tbl_RPT_TM1retail__RUN: _plimsoll_op STRING, _plimsoll_row STRING, _plimsoll_copy INT64, Retail_SaleDate DATE, Outlet STRING, Copies INT64, Revenue NUMERIC
MERGE `demo.app.ffx_tbl_RPT_TM1retail` AS T
USING `demo.app_staging.ffx_tbl_RPT_TM1retail__RUN` AS S
ON T.`_plimsoll_row` = S.`_plimsoll_row` AND T.`_plimsoll_copy` = S.`_plimsoll_copy` AND T.`_plimsoll_row` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`Retail_SaleDate` = S.`Retail_SaleDate`, T.`Outlet` = S.`Outlet`, T.`Copies` = S.`Copies`, T.`Revenue` = S.`Revenue`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`_plimsoll_row`, `_plimsoll_copy`, `Retail_SaleDate`, `Outlet`, `Copies`, `Revenue`) VALUES (S.`_plimsoll_row`, S.`_plimsoll_copy`, S.`Retail_SaleDate`, S.`Outlet`, S.`Copies`, S.`Revenue`)
