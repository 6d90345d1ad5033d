-- table demo.app.ffx_vw_RPT_SubsRateRounds: _plimsoll_row STRING, _plimsoll_copy INT64, Subs_id STRING, rate_name STRING, Country_Code STRING, dist_type STRING
-- table demo.app_staging.ffx_vw_RPT_SubsRateRounds__RUN: _plimsoll_op STRING, _plimsoll_row STRING, _plimsoll_copy INT64, Subs_id STRING, rate_name STRING, Country_Code STRING, dist_type STRING
MERGE `demo.app.ffx_vw_RPT_SubsRateRounds` AS T
USING `demo.app_staging.ffx_vw_RPT_SubsRateRounds__RUN` AS S
ON T.`_plimsoll_row` = S.`_plimsoll_row` AND T.`_plimsoll_copy` = S.`_plimsoll_copy` AND T.`_plimsoll_row` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`Subs_id` = S.`Subs_id`, T.`rate_name` = S.`rate_name`, T.`Country_Code` = S.`Country_Code`, T.`dist_type` = S.`dist_type`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`_plimsoll_row`, `_plimsoll_copy`, `Subs_id`, `rate_name`, `Country_Code`, `dist_type`) VALUES (S.`_plimsoll_row`, S.`_plimsoll_copy`, S.`Subs_id`, S.`rate_name`, S.`Country_Code`, S.`dist_type`)
